package org.sipproxy.server.manual;

import java.util.List;

/** Text in the man macros of roff (man(7)). Escapes what roff would interpret. */
final class Roff {

    private final StringBuilder text = new StringBuilder();
    private boolean afterHeading;

    /** Begins the page. The date is omitted, so that equal sources give an equal page. */
    Roff title(String name, int section, String source, String manual) {
        return line(".TH " + name + " " + section + " \"\" " + quoted(source) + " " + quoted(manual))
                .line(".nh") // no hyphenation and no stretched blanks: options are pasted into a shell
                .line(".ad l");
    }

    Roff section(String heading) {
        return line(".SH " + quoted(heading));
    }

    Roff subsection(String heading) {
        return line(".SS " + quoted(heading));
    }

    /** Adds a line in bold. */
    Roff heading(String heading) {
        return newParagraph().line("\\fB" + escaped(heading) + "\\fR");
    }

    /** Adds lines of one paragraph. */
    Roff paragraph(List<String> lines) {
        return newParagraph().lines(lines);
    }

    /** Adds a paragraph with a term to its left. */
    Roff term(String term, List<String> lines) {
        return line(".TP").line("\\fB" + escaped(term) + "\\fR").lines(lines);
    }

    /** Adds indented lines that are not filled. */
    Roff code(List<String> lines) {
        newParagraph().line(".in +4n").line(".nf");
        lines(lines);
        return line(".fi").line(".in");
    }

    /** Adds lines that are filled; an empty one ends a paragraph. */
    Roff lines(List<String> lines) {
        lines.forEach(one -> {
            if (one.isBlank()) {
                newParagraph();
            } else {
                line(atStart(escaped(one)));
            }
        });
        return this;
    }

    /** Begins a paragraph, except below a heading, which has begun one. */
    private Roff newParagraph() {
        return afterHeading ? this : line(".PP");
    }

    private Roff line(String line) {
        afterHeading = line.startsWith(".SH ") || line.startsWith(".SS ");
        text.append(line).append('\n');
        return this;
    }

    private static String quoted(String argument) {
        return '"' + escaped(argument).replace("\"", "\\(dq") + '"';
    }

    /** A line that begins with a control character would be a macro. */
    private static String atStart(String line) {
        return line.startsWith(".") || line.startsWith("'") ? "\\&" + line : line;
    }

    private static String escaped(String plain) {
        StringBuilder escaped = new StringBuilder();
        plain.codePoints().forEach(c -> {
            switch (c) {
                case '\\' -> escaped.append("\\e");
                case '-' -> escaped.append("\\-"); // a plain one is a hyphen, which cannot be pasted into a shell
                case '\'' -> escaped.append("\\(aq");
                case '`' -> escaped.append("\\(ga");
                case '^' -> escaped.append("\\(ha");
                case '~' -> escaped.append("\\(ti");
                default -> escaped.append(c < 128 ? Character.toString(c) : String.format("\\[u%04X]", c));
            }
        });
        return escaped.toString();
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
