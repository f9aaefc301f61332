const _: () = {
    impl crate::framework::__private::Entity for Task {
        type __Id = Uuid;
        const __ENTITY_TYPE: &'static ::core::primitive::str = "task";
        #[inline]
        fn __id(&self) -> &Self::__Id {
            &self.id
        }
        #[inline]
        fn __timestamps(
            &self,
            _: crate::framework::__private::Access<'_, Self>,
        ) -> &crate::framework::Timestamps {
            <Stamps as crate::framework::__private::TimestampsField>::get(&self.stamps)
        }
        #[inline]
        fn __timestamps_mut(
            &mut self,
            _: crate::framework::__private::Access<'_, Self>,
        ) -> &mut crate::framework::Timestamps {
            <Stamps as crate::framework::__private::TimestampsField>::get_mut(
                &mut self.stamps,
            )
        }
        fn __validate(
            &self,
        ) -> ::core::result::Result<(), crate::framework::ValidationError> {
            crate::framework::__private::validate(self, Self::check)
        }
    }
    impl crate::framework::Record for Task {
        const TABLE: &'static ::core::primitive::str = "tasks";
        const COLUMNS: &'static [crate::framework::ColumnDefinition] = &[
            crate::framework::__private::id_column::<Self>("task_id"),
            crate::framework::__private::column(
                "title",
                <String as crate::framework::Column>::TYPE,
                <String as crate::framework::Column>::NULLABLE,
            ),
            crate::framework::__private::json_column("labels", false),
            crate::framework::__private::json_column("links", true),
            crate::framework::__private::text_column("status", false),
            crate::framework::__private::text_column("type", true),
        ];
        const ID_COLUMN: ::core::primitive::usize = 0;
        const TIMESTAMP_COLUMNS: [&'static ::core::primitive::str; 3] = [
            "born",
            "updated_at_ms",
            "revision",
        ];
        const EVENTS_CARRY_STATE: ::core::primitive::bool = true;
        fn encode<__Writer: crate::framework::RowWriter + ?::core::marker::Sized>(
            &self,
            __row: &mut __Writer,
        ) -> ::core::result::Result<(), crate::framework::RowError> {
            crate::framework::__private::write_id(__row, 0, self)?;
            crate::framework::__private::write(
                __row,
                1,
                <String as crate::framework::Column>::to_value(&self.title),
            )?;
            crate::framework::__private::write(
                __row,
                2,
                <Vec<
                    String,
                > as crate::framework::__private::JsonField>::to_value(&self.labels),
            )?;
            crate::framework::__private::write(
                __row,
                3,
                <Links as crate::framework::__private::JsonField>::option_to_value(
                    &self.links,
                ),
            )?;
            crate::framework::__private::write(
                __row,
                4,
                <Status as crate::framework::__private::TextField>::to_value(
                    &self.status,
                ),
            )?;
            crate::framework::__private::write(
                __row,
                5,
                <Kind as crate::framework::__private::TextField>::option_to_value(
                    &self.r#type,
                ),
            )?;
            ::core::result::Result::Ok(())
        }
        fn restore<__Reader: crate::framework::RowReader + ?::core::marker::Sized>(
            __row: &mut __Reader,
            __timestamps: crate::framework::Timestamps,
        ) -> ::core::result::Result<Self, crate::framework::RowError> {
            ::core::result::Result::Ok(Self {
                id: crate::framework::__private::read_id::<Self, __Reader>(__row, 0)?,
                title: crate::framework::__private::in_column(
                    1,
                    <String as crate::framework::Column>::from_value(
                        crate::framework::__private::read(__row, 1)?,
                    ),
                )?,
                labels: crate::framework::__private::in_column(
                    2,
                    <Vec<
                        String,
                    > as crate::framework::__private::JsonField>::from_value(
                        crate::framework::__private::read(__row, 2)?,
                    ),
                )?,
                links: crate::framework::__private::in_column(
                    3,
                    <Links as crate::framework::__private::JsonField>::option_from_value(
                        crate::framework::__private::read(__row, 3)?,
                    ),
                )?,
                status: crate::framework::__private::in_column(
                    4,
                    <Status as crate::framework::__private::TextField>::from_value(
                        crate::framework::__private::read(__row, 4)?,
                    ),
                )?,
                r#type: crate::framework::__private::in_column(
                    5,
                    <Kind as crate::framework::__private::TextField>::option_from_value(
                        crate::framework::__private::read(__row, 5)?,
                    ),
                )?,
                cache: <Cache as crate::framework::__private::SkippedField>::default(),
                stamps: <Stamps as crate::framework::__private::TimestampsField>::put(
                    __timestamps,
                ),
            })
        }
    }
};
