const _: () = {
    #[automatically_derived]
    impl<Id, Content: Clone, Tag, const SIZE: usize> ::timestamp_core::__private::Entity
    for Boxed<Id, Content, Tag, SIZE>
    where
        Content: Debug,
        Id: ::timestamp_core::__private::EntityId<Itself = Id>,
    {
        type __Id = Id;
        const __ENTITY_TYPE: &'static ::core::primitive::str = "Boxed";
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
    #[automatically_derived]
    impl<Id, Content: Clone, Tag, const SIZE: usize> ::timestamp_core::Record
    for Boxed<Id, Content, Tag, SIZE>
    where
        Content: Debug,
        Self: ::core::marker::Send + 'static,
        Id: ::timestamp_core::__private::EntityId<Itself = Id>,
        Id: ::timestamp_core::Column,
        Content: ::timestamp_core::Column,
        [Content; SIZE]: ::timestamp_core::__private::JsonField,
        PhantomData<Tag>: ::timestamp_core::__private::SkippedField,
    {
        const TABLE: &'static ::core::primitive::str = "boxes";
        const COLUMNS: &'static [::timestamp_core::ColumnDefinition] = &[
            ::timestamp_core::__private::id_column::<Self>("id"),
            ::timestamp_core::__private::column(
                "content",
                <Content as ::timestamp_core::Column>::TYPE,
                <Content as ::timestamp_core::Column>::NULLABLE,
            ),
            ::timestamp_core::__private::json_column("more", true),
            ::timestamp_core::__private::column(
                "count",
                <u32 as ::timestamp_core::Column>::TYPE,
                <u32 as ::timestamp_core::Column>::NULLABLE,
            ),
        ];
        const ID_COLUMN: ::core::primitive::usize = 0;
        fn encode<__Writer: ::timestamp_core::RowWriter + ?::core::marker::Sized>(
            &self,
            __row: &mut __Writer,
        ) -> ::core::result::Result<(), ::timestamp_core::RowError> {
            ::timestamp_core::__private::write_id(__row, 0, self)?;
            ::timestamp_core::__private::write(
                __row,
                1,
                <Content as ::timestamp_core::Column>::to_value(&self.content),
            )?;
            ::timestamp_core::__private::write(
                __row,
                2,
                <[Content; SIZE] as ::timestamp_core::__private::JsonField>::option_to_value(
                    &self.more,
                ),
            )?;
            ::timestamp_core::__private::write(
                __row,
                3,
                <u32 as ::timestamp_core::Column>::to_value(&self.count),
            )?;
            ::core::result::Result::Ok(())
        }
        fn restore<__Reader: ::timestamp_core::RowReader + ?::core::marker::Sized>(
            __row: &mut __Reader,
            __timestamps: ::timestamp_core::Timestamps,
        ) -> ::core::result::Result<Self, ::timestamp_core::RowError> {
            ::core::result::Result::Ok(Self {
                id: ::timestamp_core::__private::read_id::<Self, __Reader>(__row, 0)?,
                content: ::timestamp_core::__private::in_column(
                    1,
                    <Content as ::timestamp_core::Column>::from_value(
                        ::timestamp_core::__private::read(__row, 1)?,
                    ),
                )?,
                more: ::timestamp_core::__private::in_column(
                    2,
                    <[Content; SIZE] as ::timestamp_core::__private::JsonField>::option_from_value(
                        ::timestamp_core::__private::read(__row, 2)?,
                    ),
                )?,
                count: ::timestamp_core::__private::in_column(
                    3,
                    <u32 as ::timestamp_core::Column>::from_value(
                        ::timestamp_core::__private::read(__row, 3)?,
                    ),
                )?,
                tag: <PhantomData<
                    Tag,
                > as ::timestamp_core::__private::SkippedField>::default(),
                timestamps: <Timestamps as ::timestamp_core::__private::TimestampsField>::put(
                    __timestamps,
                ),
            })
        }
    }
};
