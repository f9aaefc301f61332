::core::compile_error! {
    "the timestamps field `timestamps` is `pub`, so code elsewhere could replace its value\n\nhelp: remove `pub`; `created_at()`, `updated_at()` and `version()` read it from everywhere"
}
const _: () = {
    #[automatically_derived]
    impl<T> ::timestamp_core::__private::Entity for Task<T>
    where
        u64: ::timestamp_core::__private::EntityId,
    {
        type __Id = u64;
        const __ENTITY_TYPE: &'static ::core::primitive::str = "";
        fn __id(&self) -> &Self::__Id {
            ::core::unreachable!()
        }
        fn __timestamps(
            &self,
            _: ::timestamp_core::__private::Access<'_, Self>,
        ) -> &::timestamp_core::Timestamps {
            ::core::unreachable!()
        }
        fn __timestamps_mut(
            &mut self,
            _: ::timestamp_core::__private::Access<'_, Self>,
        ) -> &mut ::timestamp_core::Timestamps {
            ::core::unreachable!()
        }
        fn __validate(
            &self,
        ) -> ::core::result::Result<(), ::timestamp_core::ValidationError> {
            ::core::unreachable!()
        }
    }
    #[automatically_derived]
    impl<T> ::timestamp_core::Record for Task<T>
    where
        u64: ::timestamp_core::__private::EntityId,
        u64: ::timestamp_core::Column,
        Self: ::core::marker::Send + 'static,
    {
        const TABLE: &'static ::core::primitive::str = "";
        const COLUMNS: &'static [::timestamp_core::ColumnDefinition] = &[];
        const ID_COLUMN: ::core::primitive::usize = 0;
        fn encode<__Writer: ::timestamp_core::RowWriter + ?::core::marker::Sized>(
            &self,
            _: &mut __Writer,
        ) -> ::core::result::Result<(), ::timestamp_core::RowError> {
            ::core::unreachable!()
        }
        fn restore<__Reader: ::timestamp_core::RowReader + ?::core::marker::Sized>(
            _: &mut __Reader,
            _: ::timestamp_core::Timestamps,
        ) -> ::core::result::Result<Self, ::timestamp_core::RowError> {
            ::core::unreachable!()
        }
    }
};
