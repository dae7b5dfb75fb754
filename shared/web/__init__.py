"""Pages for people: templates, their styles and scripts, and the code that fills them. It asks Azure nothing."""
