//! How text is cut into tokens, as the database engines differ.

use sqlparser::dialect::Dialect;

/// The ways to read SQL that matter to a tokenizer. Nothing in a file says which one it is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flavour {
    /// Block comments nest, `E'..'` has escapes, data may follow `COPY .. FROM STDIN`.
    Postgres,
    /// Block comments do not nest.
    Sqlite,
    /// `\` escapes in strings, `"` is a string too, `#` begins a comment.
    Mysql,
}

impl Flavour {
    /// Returns all flavours, the likeliest for `text` first.
    ///
    /// Backticks and two words are taken for MySQL, unless an operator stands there that only PostgreSQL has: read as
    /// MySQL, `#>>` would hide the rest of its line.
    pub(super) fn by_likelihood(text: &str) -> [Self; 3] {
        let mysql = ["`", "AUTO_INCREMENT", "auto_increment", "ENGINE="].iter().any(|hint| text.contains(hint));
        if mysql && !["::", "#>", "$$"].iter().any(|hint| text.contains(hint)) {
            [Self::Mysql, Self::Postgres, Self::Sqlite]
        } else {
            [Self::Postgres, Self::Sqlite, Self::Mysql]
        }
    }
}

impl Dialect for Flavour {
    fn is_identifier_start(&self, ch: char) -> bool {
        ch.is_alphabetic() || ch == '_'
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        ch.is_alphanumeric() || ch == '_' || ch == '$'
    }

    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        ch == '`' || (ch == '"' && *self != Self::Mysql)
    }

    fn supports_string_literal_backslash_escape(&self) -> bool {
        *self == Self::Mysql
    }

    fn supports_hash_comment(&self) -> bool {
        *self == Self::Mysql
    }

    fn supports_nested_comments(&self) -> bool {
        *self == Self::Postgres
    }

    fn supports_copy_from_stdin_data(&self) -> bool {
        *self == Self::Postgres
    }

    fn supports_string_escape_constant(&self) -> bool {
        *self != Self::Mysql
    }

    /// Oracle's `q'[it's]'`, which is no valid text elsewhere.
    fn supports_quote_delimited_string(&self) -> bool {
        *self != Self::Mysql
    }
}
