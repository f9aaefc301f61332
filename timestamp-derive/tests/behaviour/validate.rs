use timestamp_core::{Timestamped, Timestamps, ValidationError};

#[derive(Debug, Timestamped)]
#[timestamped(validate = Self::check)]
struct Task {
    #[timestamped(id)]
    id: u64,
    title: String,
    timestamps: Timestamps,
}

impl Task {
    fn new(title: &str) -> Result<Self, ValidationError> {
        Self::create(|timestamps| Self { id: 1, title: title.into(), timestamps })
    }

    fn check(&self) -> Result<(), ValidationError> {
        if self.title.is_empty() { Err(ValidationError::new("title", "must not be empty")) } else { Ok(()) }
    }
}

#[test]
fn invalid_entity_is_not_created() {
    assert_eq!(Task::new("").unwrap_err().to_string(), "title: must not be empty");
    assert_eq!(Task::new("write").unwrap().id, 1);
}

#[test]
fn validate_checks_what_the_entity_has_become() {
    let mut task = Task::new("write").unwrap();
    task.title.clear();
    assert!(task.validate().is_err());
}

mod rules {
    use timestamp_core::ValidationError;

    pub(crate) fn even<T>(numbered: &super::Numbered<T>) -> Result<(), ValidationError> {
        if numbered.id.is_multiple_of(2) { Ok(()) } else { Err(ValidationError::new("id", "must be even")) }
    }
}

#[derive(Debug, Timestamped)]
#[timestamped(validate = rules::even::<T>)]
struct Numbered<T> {
    #[timestamped(id)]
    id: u64,
    content: T,
    timestamps: Timestamps,
}

#[test]
fn validate_takes_the_path_of_any_function() {
    let numbered = |id| Numbered::create(|timestamps| Numbered { id, content: 'x', timestamps });
    assert_eq!(numbered(1).unwrap_err().to_string(), "id: must be even");
    assert_eq!(numbered(2).unwrap().content, 'x');
}

trait Check {
    fn check(&self) -> Result<(), ValidationError>;
}

#[derive(Debug, Timestamped)]
#[timestamped(validate = <Self as Check>::check)]
struct Qualified {
    #[timestamped(id)]
    id: u64,
    timestamps: Timestamps,
}

impl Check for Qualified {
    fn check(&self) -> Result<(), ValidationError> {
        Err(ValidationError::new("id", "is never right"))
    }
}

#[test]
fn validate_takes_a_qualified_path() {
    assert!(Qualified::create(|timestamps| Qualified { id: 1, timestamps }).is_err());
}
