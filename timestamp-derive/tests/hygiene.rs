//! Generated code means the same wherever it stands: it leans on no name of the place it is derived in.

#![expect(
    dead_code,
    non_camel_case_types,
    non_upper_case_globals,
    unused_macros,
    reason = "names of the standard library are taken on purpose"
)]
#![expect(unreachable_pub, reason = "visibility is not what is tested here")]
#![expect(clippy::unwrap_used, reason = "clippy takes only `#[test]` functions for tests")]

// The framework under another name, as in `[dependencies] renamed = { package = "timestamp-core" }`.
extern crate timestamp_core as renamed;

mod without_a_prelude {
    #![no_implicit_prelude]

    fn check(_: &Task) -> ::std::result::Result<(), ::timestamp_core::ValidationError> {
        ::std::result::Result::Ok(())
    }

    #[derive(::timestamp_core::Timestamped)]
    #[timestamped(table = "tasks", validate = check)]
    pub struct Task {
        #[timestamped(id)]
        pub id: u64,
        pub title: ::std::string::String,
        #[timestamped(json)]
        pub labels: ::std::option::Option<::std::vec::Vec<::std::string::String>>,
        #[timestamped(text)]
        pub letter: char,
        #[timestamped(skip)]
        pub cache: ::std::option::Option<u8>,
        timestamps: ::timestamp_core::Timestamps,
    }

    pub fn new() -> Task {
        <Task as ::timestamp_core::Timestamped>::create(|timestamps| Task {
            id: 7,
            title: ::std::string::String::new(),
            labels: ::std::option::Option::None,
            letter: 'x',
            cache: ::std::option::Option::None,
            timestamps,
        })
        .unwrap()
    }
}

mod among_names_that_are_taken {
    use ::timestamp_core::Timestamped as Derive;

    // Everything that generated code could have meant by a bare name.
    struct Result;
    struct Option;
    struct String;
    struct Vec;
    struct Default;
    struct Self_;
    struct str;
    struct usize;
    struct bool;
    trait Sized {}
    trait Send {}
    trait Column {}
    trait Record {}
    trait Timestamped {}
    struct Ok;
    struct Err;
    struct Some;
    struct None;
    mod core {}
    mod std {}
    mod timestamp_core {}
    macro_rules! unreachable {
        () => {};
    }
    const row: () = ();
    const value: () = ();
    const entity: () = ();
    static timestamps_of: u8 = 0;

    #[derive(Derive)]
    #[timestamped(table = "tasks")]
    pub struct Task {
        #[timestamped(id)]
        pub id: u64,
        pub title: ::std::string::String,
        #[timestamped(json)]
        pub labels: ::std::option::Option<::std::vec::Vec<::std::string::String>>,
        timestamps: ::timestamp_core::Timestamps,
    }

    pub fn new() -> Task {
        let labels = ::std::option::Option::None;
        <Task as ::timestamp_core::Timestamped>::create(|timestamps| Task {
            id: 7,
            title: ::std::string::String::new(),
            labels,
            timestamps,
        })
        .unwrap()
    }
}

mod renamed_crate {
    #[derive(renamed::Timestamped)]
    #[timestamped(crate = renamed, table = "tasks")]
    pub struct Task {
        #[timestamped(id)]
        pub id: u64,
        timestamps: renamed::Timestamps,
    }

    pub fn new() -> Task {
        <Task as renamed::Timestamped>::create(|timestamps| Task { id: 7, timestamps }).unwrap()
    }
}

mod re_exported {
    pub mod facade {
        pub mod __inner {
            pub use ::timestamp_core::*;
        }
    }

    // Nothing but the facade can be named here.
    mod timestamp_core {}

    #[derive(facade::__inner::Timestamped)]
    #[timestamped(crate = super::re_exported::facade::__inner, table = "tasks")]
    pub struct Task {
        #[timestamped(id)]
        pub id: u64,
        timestamps: facade::__inner::Timestamps,
    }

    pub fn new() -> Task {
        <Task as facade::__inner::Timestamped>::create(|timestamps| Task { id: 7, timestamps }).unwrap()
    }
}

pub use timestamp_core as through_this_crate;

mod inside_macros {
    // Names, types and values come from the caller, the rest from the macro, each with its own hygiene.
    macro_rules! entity {
        ($name:ident, $table:literal, $id:ty, $check:path, $($field:ident: $ty:ty),*) => {
            #[derive($crate::through_this_crate::Timestamped)]
            #[timestamped(crate = $crate::through_this_crate, table = $table, validate = $check)]
            pub struct $name {
                #[timestamped(id)]
                pub id: $id,
                $(pub $field: $ty,)*
                timestamps: $crate::through_this_crate::Timestamps,
            }

            impl $name {
                pub fn new(id: $id, $($field: $ty),*) -> Self {
                    use $crate::through_this_crate::Timestamped;
                    Self::create(|timestamps| Self { id, $($field,)* timestamps }).unwrap()
                }
            }
        };
    }

    fn check(task: &Task) -> Result<(), timestamp_core::ValidationError> {
        assert_eq!(task.title, "write");
        Ok(())
    }

    entity!(Task, "tasks", u64, check, title: String, note: Option<String>);
}

#[test]
fn entities_work_wherever_they_are_derived() {
    use timestamp_core::{Record, Timestamped};

    fn is_whole<E: Record + Timestamped<Id = u64>>(mut entity: E, columns: usize) {
        entity.touch("moved");
        assert_eq!((*entity.id(), entity.version(), E::TABLE, E::COLUMNS.len()), (7, 2, "tasks", columns));
        assert!(entity.validate().is_ok());
    }
    is_whole(without_a_prelude::new(), 4);
    is_whole(among_names_that_are_taken::new(), 3);
    is_whole(renamed_crate::new(), 1);
    is_whole(re_exported::new(), 1);
    is_whole(inside_macros::Task::new(7, "write".to_owned(), None), 3);
}
