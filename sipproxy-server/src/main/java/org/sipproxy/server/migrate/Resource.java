package org.sipproxy.server.migrate;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Tables of this package, one row a line. */
final class Resource {

    private Resource() {}

    /** Returns the rows of a table, without comments and empty lines. */
    static List<String> rows(String name) {
        try (InputStream in = Resource.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("the program lacks its table " + name);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.isBlank() && line.charAt(0) != '#')
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the columns of a row, which a vertical bar between blanks separates. */
    static List<String> columns(String row) {
        return List.of(row.split(" \\| ", -1)).stream().map(String::strip).toList();
    }
}
