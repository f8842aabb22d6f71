package org.sipproxy.jdbc;

import java.nio.charset.Charset;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.StandardCharsets;
import java.nio.charset.UnsupportedCharsetException;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Encoding ({@code server_encoding}) of a database, which decides which characters a column can hold. {@code SQL_ASCII}
 * holds the bytes of any text. An encoding that Java does not know is assumed to hold ASCII only.
 */
final class DatabaseEncoding {

    /** Names that differ from Java's. */
    private static final Map<String, String> JAVA_NAMES = Map.ofEntries(
            Map.entry("UTF8", "UTF-8"),
            Map.entry("SQL_ASCII", "UTF-8"), // the driver sends UTF-8, and the server does not convert it
            Map.entry("LATIN1", "ISO-8859-1"),
            Map.entry("LATIN2", "ISO-8859-2"),
            Map.entry("LATIN3", "ISO-8859-3"),
            Map.entry("LATIN4", "ISO-8859-4"),
            Map.entry("LATIN5", "ISO-8859-9"),
            Map.entry("LATIN7", "ISO-8859-13"),
            Map.entry("LATIN9", "ISO-8859-15"),
            Map.entry("ISO_8859_5", "ISO-8859-5"),
            Map.entry("ISO_8859_6", "ISO-8859-6"),
            Map.entry("ISO_8859_7", "ISO-8859-7"),
            Map.entry("ISO_8859_8", "ISO-8859-8"),
            Map.entry("KOI8R", "KOI8-R"),
            Map.entry("KOI8U", "KOI8-U"),
            Map.entry("EUC_JP", "EUC-JP"),
            Map.entry("EUC_KR", "EUC-KR"));

    private final String name;
    /** Null if Java does not know the encoding. */
    private final @Nullable Charset charset;

    private DatabaseEncoding(String name, @Nullable Charset charset) {
        this.name = name;
        this.charset = charset;
    }

    /** Returns the encoding that {@code SHOW server_encoding} names. */
    static DatabaseEncoding of(String name) {
        return new DatabaseEncoding(name, charset(name));
    }

    private static @Nullable Charset charset(String name) {
        String java = JAVA_NAMES.getOrDefault(
                name, name.startsWith("WIN") ? "windows-" + name.substring(3).toLowerCase(Locale.ROOT) : "");
        try {
            return java.isEmpty() ? null : Charset.forName(java);
        } catch (IllegalCharsetNameException | UnsupportedCharsetException e) {
            return null;
        }
    }

    /** Returns PostgreSQL's name of the encoding, such as {@code LATIN1}. */
    String name() {
        return name;
    }

    /** Returns true if every character can be stored. */
    boolean isUnicode() {
        return StandardCharsets.UTF_8.equals(charset);
    }

    /** Returns true if a column may hold bytes that are not text in any encoding. */
    boolean isRaw() {
        return name.equals("SQL_ASCII");
    }

    /** Returns true if a column can hold the text. */
    boolean holds(String text) {
        if (!ColumnText.isStorable(text)) {
            return false;
        }
        return isUnicode()
                || isAscii(text)
                || (charset != null && charset.newEncoder().canEncode(text));
    }

    private static boolean isAscii(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) >= 128) {
                return false;
            }
        }
        return true;
    }

    /** Returns the text with a question mark for each character that cannot be stored, and without NUL. */
    String replaced(String text) {
        String storable = ColumnText.storable(text);
        if (holds(storable)) {
            return storable;
        }
        CharsetEncoder encoder = charset == null ? null : charset.newEncoder();
        StringBuilder out = new StringBuilder(storable.length());
        storable.codePoints().forEach(c -> {
            String one = Character.toString(c);
            out.append(c < 128 || (encoder != null && encoder.canEncode(one)) ? one : "?");
        });
        return out.toString();
    }
}
