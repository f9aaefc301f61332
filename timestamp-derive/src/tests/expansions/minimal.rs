const _: () = {
    #[automatically_derived]
    impl ::timestamp_core::__private::Entity for Task {
        type __Id = u64;
        const __ENTITY_TYPE: &'static ::core::primitive::str = "Task";
        #[inline]
        fn __id(&self) -> &Self::__Id {
            &self.id
        }
        #[inline]
        fn __timestamps(
            &self,
            _: ::timestamp_core::__private::Access<'_, Self>,
        ) -> &::timestamp_core::Timestamps {
            <Timestamps as ::timestamp_core::__private::TimestampsField>::get(
                &self.timestamps,
            )
        }
        #[inline]
        fn __timestamps_mut(
            &mut self,
            _: ::timestamp_core::__private::Access<'_, Self>,
        ) -> &mut ::timestamp_core::Timestamps {
            <Timestamps as ::timestamp_core::__private::TimestampsField>::get_mut(
                &mut self.timestamps,
            )
        }
        fn __validate(
            &self,
        ) -> ::core::result::Result<(), ::timestamp_core::ValidationError> {
            ::core::result::Result::Ok(())
        }
    }
};
