package org.sipproxy.server.migrate;

import java.util.ArrayList;
import java.util.List;

/** Configuration file of this server with the explanations of an import. */
final class ConfigurationText {

    private static final int WIDTH = 118;

    private final Import all;
    private final List<String> lines = new ArrayList<>();

    ConfigurationText(Import all) {
        this.all = all;
    }

    List<String> lines() {
        lines.add("# Configuration of sipproxy, imported from Kamailio. Lines are options of run, without dashes.");
        String origin = "";
        for (Setting setting : all.settings.all()) {
            if (!setting.origin().equals(origin)) {
                lines.add("");
                comment("", setting.origin());
                origin = setting.origin();
            }
            lines.add(setting.line());
        }
        for (Remark.Kind kind : Remark.Kind.values()) {
            List<Remark> some = all.remarks.of(kind);
            if (!some.isEmpty()) {
                lines.add("");
                lines.add("# ==== " + kind.title());
                some.forEach(remark -> comment("", remark.place() + ": " + remark.text()));
            }
        }
        return lines;
    }

    /** Adds a comment, which is broken between words. */
    private void comment(String indentation, String text) {
        StringBuilder line = new StringBuilder("# ").append(indentation);
        boolean isEmpty = true;
        for (String word : printable(text).split(" ", -1)) {
            if (!isEmpty && line.length() + 1 + word.length() > WIDTH) {
                lines.add(line.toString());
                line = new StringBuilder("#     ");
                isEmpty = true;
            }
            line.append(isEmpty ? "" : " ").append(word);
            isEmpty = false;
        }
        lines.add(line.toString());
    }

    /** Returns text without line breaks and control characters, which would end the comment. */
    static String printable(String text) {
        StringBuilder printable = new StringBuilder();
        text.codePoints()
                .map(c -> Character.isISOControl(c) || c == 0x2028 || c == 0x2029 ? ' ' : c)
                .forEach(printable::appendCodePoint);
        return printable.toString();
    }
}
