//! What is refused in JavaScript and TypeScript.

use crate::gate::rule::Rule;

/// Text without an offset becomes a date.
pub(crate) static NAIVE_TEXT: Rule = Rule {
    id: "javascript/naive-text",
    reason: "text without an offset becomes another instant in each time zone it is read in",
    instead: "end the text with `Z` or an offset, or pass epoch milliseconds",
};

/// A date is put together from local numbers.
pub(crate) static LOCAL_COMPONENTS: Rule = Rule {
    id: "javascript/local-components",
    reason: "year, month and day given to `new Date` are those of the machine's time zone",
    instead: "use `new Date(Date.UTC(..))`, or epoch milliseconds",
};

/// A local time leaves the program.
pub(crate) static LOCAL_SENT: Rule = Rule {
    id: "javascript/local-sent",
    reason: "sends a time in the zone and the language of the machine, which its reader can not know",
    instead: "send `toISOString()` or `getTime()`, and format where it is shown",
};

/// Every rule, in the order of the documentation.
pub(crate) static RULES: &[&Rule] = &[&NAIVE_TEXT, &LOCAL_COMPONENTS, &LOCAL_SENT];
