-- only a comment; with a semicolon
;
/* and another ; */
