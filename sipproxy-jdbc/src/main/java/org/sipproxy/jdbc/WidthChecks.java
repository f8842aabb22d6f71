package org.sipproxy.jdbc;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;

/**
 * Checks whether text columns are as wide as Kamailio's. A value that does not fit is refused, or cut if it is only
 * informative.
 */
final class WidthChecks {

    private WidthChecks() {}

    static List<Finding> examine(Handle handle, List<SchemaScript.Table> tables) {
        List<Finding> findings = new ArrayList<>();
        for (SchemaScript.Table table : tables) {
            Map<String, Integer> present = widths(handle, table.name());
            List<String> narrow = new ArrayList<>();
            table.widths().forEach((column, width) -> {
                Integer there = present.get(column);
                if (there != null && there < width) {
                    narrow.add(column + " " + there + " (Kamailio's " + width + ")");
                }
            });
            if (!narrow.isEmpty()) {
                findings.add(Finding.warning(
                        "width of columns",
                        "table " + table.name() + " holds fewer characters: " + String.join(", ", narrow),
                        "longer values are refused; run ALTER TABLE " + table.name()
                                + " ALTER COLUMN … TYPE VARCHAR(…)"));
            }
        }
        return findings;
    }

    private static Map<String, Integer> widths(Handle handle, String table) {
        Map<String, Integer> widths = new HashMap<>();
        handle.createQuery("SELECT column_name, character_maximum_length FROM information_schema.columns WHERE"
                        + " table_schema = current_schema() AND table_name = :table AND character_maximum_length"
                        + " IS NOT NULL")
                .bind("table", table)
                .map((row, context) -> Map.entry(row.getString(1), row.getInt(2)))
                .forEach(entry -> widths.put(entry.getKey(), entry.getValue()));
        return widths;
    }
}
