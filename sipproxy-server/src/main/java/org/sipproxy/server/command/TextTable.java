package org.sipproxy.server.command;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Table with aligned columns, for a terminal. Texts of clients are printed without control characters. */
final class TextTable {

    private static final String GAP = "  ";
    private static final String EMPTY = "-";
    private static final Pattern NUMBER = Pattern.compile("-|-?\\d+(\\.\\d+)?");

    private final String[] heads;
    private final List<String[]> rows = new ArrayList<>();

    TextTable(String... heads) {
        this.heads = heads;
    }

    /** Adds a row with one text per column. */
    TextTable row(Object... cells) {
        String[] row = new String[heads.length];
        for (int i = 0; i < row.length; i++) {
            row[i] = printable(String.valueOf(cells[i]));
        }
        rows.add(row);
        return this;
    }

    /** Returns the lines; numbers are aligned to the right. */
    @Override
    public String toString() {
        String[] formats = new String[heads.length];
        for (int i = 0; i < heads.length; i++) {
            boolean isLast = i == heads.length - 1;
            formats[i] = isNumeric(i) ? "%" + widthOf(i) + "s" : isLast ? "%s" : "%-" + widthOf(i) + "s";
        }
        List<String> lines = new ArrayList<>();
        lines.add(line(formats, heads));
        rows.forEach(row -> lines.add(line(formats, row)));
        return String.join(System.lineSeparator(), lines);
    }

    private static String line(String[] formats, String[] cells) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < cells.length; i++) {
            line.append(i == 0 ? "" : GAP).append(String.format(Locale.ROOT, formats[i], cells[i]));
        }
        return line.toString().stripTrailing();
    }

    private int widthOf(int column) {
        int width = heads[column].length();
        for (String[] row : rows) {
            width = Math.max(width, row[column].length());
        }
        return width;
    }

    private boolean isNumeric(int column) {
        return !rows.isEmpty()
                && rows.stream().allMatch(row -> NUMBER.matcher(row[column]).matches())
                && rows.stream().anyMatch(row -> !row[column].equals(EMPTY));
    }

    /** Returns a text without characters that control a terminal, and {@code -} for an empty one. */
    static String printable(String text) {
        if (text.isEmpty()) {
            return EMPTY;
        }
        return text.codePoints()
                .map(c -> Character.isISOControl(c) || Character.getType(c) == Character.FORMAT ? '?' : c)
                .mapToObj(Character::toString)
                .collect(Collectors.joining());
    }
}
