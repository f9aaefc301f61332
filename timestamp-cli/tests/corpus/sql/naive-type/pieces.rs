//! Columns in literals of their own.

const COLUMNS: &[&str] = &[
    "created_at TIMESTAMP", //~ sql/naive-type
    "created_at TIMESTAMP NOT NULL", //~ sql/naive-type
    "updated_at timestamp(3) without time zone not null", //~ sql/naive-type
    "\"at\" DATETIME", //~ sql/naive-type
    "at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP", //~ sql/naive-type sql/default
    "id BIGSERIAL PRIMARY KEY, title VARCHAR(80), created_at TIMESTAMP NOT NULL", //~ sql/naive-type
    "ADD due_at TIMESTAMP", //~ sql/naive-type
    "modified_at DATETIME DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP", //~ sql/naive-type sql/default sql/default
    "created_at timestamptz NOT NULL DEFAULT now()", //~ sql/default
    "DEFAULT now()", //~ sql/default
    "NOT NULL DEFAULT (datetime('now'))", //~ sql/default
    "{name} TIMESTAMP NOT NULL", //~ sql/naive-type
];
