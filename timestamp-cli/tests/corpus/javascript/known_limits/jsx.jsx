// Text of JSX is read as code: two of its quotes on one line hide what is between them.
const row = <p>Don't show {new Date("2024-01-15T12:00:00")}, it's late</p>; //~ javascript/naive-text
