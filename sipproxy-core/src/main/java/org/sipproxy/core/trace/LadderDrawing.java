package org.sipproxy.core.trace;

import java.util.List;

/**
 * Draws the lines of a ladder: a rail for each participant, and an arrow for each message. Immutable.
 *
 * @param columns names of the participants, from left to right; at least one
 */
public record LadderDrawing(List<String> columns) {

    /** Number of columns between two rails. */
    private static final int GAP = 26;
    /** Number of columns before the first rail, for the time. */
    private static final int MARGIN = 12;

    public LadderDrawing {
        columns = List.copyOf(columns);
    }

    /** Returns the line with the names of the participants, each centred on its rail where there is room. */
    public String heads() {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < columns.size(); i++) {
            String head = columns.get(i);
            line.append(" ".repeat(Math.max(line.isEmpty() ? 0 : 1, rail(i) - head.length() / 2 - line.length())));
            line.append(head);
        }
        return line.toString();
    }

    /** Returns a line with rails only. */
    public String rails() {
        StringBuilder line = new StringBuilder(" ".repeat(MARGIN));
        for (int i = 0; i < columns.size(); i++) {
            line.append(i == 0 ? "|" : " ".repeat(GAP) + "|");
        }
        return line.toString();
    }

    /**
     * Returns the line of a message.
     *
     * @param time what stands before the rails; cut to fit
     * @param from the sender, one of the columns
     * @param to the receiver, another one
     * @param label text on the arrow; shortened to fit
     * @param note text after the rails
     */
    public String arrow(String time, String from, String to, String label, String note) {
        StringBuilder line = new StringBuilder(rails());
        String shown = time.length() <= MARGIN ? time : time.substring(0, MARGIN);
        line.replace(0, shown.length(), shown);
        draw(line, columns.indexOf(from), columns.indexOf(to), label);
        return line.append("  ").append(note).toString();
    }

    /**
     * Draws an arrow such as {@code -- INVITE ---------------->} or {@code <- 180 Ringing -------------}, across the
     * rails in between.
     */
    private static void draw(StringBuilder line, int from, int to, String label) {
        int left = rail(Math.min(from, to)) + 1;
        int width = rail(Math.max(from, to)) - left;
        int room = width - 5;
        String text = label.length() <= room ? label : label.substring(0, room - 2) + "..";
        String dashes = "-".repeat(room - text.length());
        line.replace(
                left, left + width, from < to ? "-- " + text + " " + dashes + ">" : "<- " + text + " " + dashes + "-");
    }

    private static int rail(int column) {
        return MARGIN + column * (GAP + 1);
    }
}
