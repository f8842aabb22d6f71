package org.sipproxy.server.migrate;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Route blocks of Kamailio's stock configuration, statement by statement. */
final class StockRoutes {

    /**
     * Statement of a stock block.
     *
     * @param isRequired false if it is there with some feature only
     */
    record Row(String fingerprint, boolean isRequired, Meaning meaning) {}

    private final Map<String, List<Row>> blocks = new LinkedHashMap<>();

    StockRoutes() {
        List<Row> rows = new ArrayList<>();
        for (String line : Resource.rows("stock-routes.txt")) {
            if (line.charAt(0) == '[') {
                rows = new ArrayList<>();
                blocks.put(line.substring(1, line.length() - 1), rows);
            } else {
                String[] columns = line.split(" ", 5);
                rows.add(new Row(columns[1], columns[0].equals("*"), Meaning.of(columns[2], columns[3], columns[4])));
            }
        }
    }

    /** Returns the statements of a block; none if the stock configuration does not have it. */
    List<Row> of(String block) {
        return blocks.getOrDefault(block, List.of());
    }
}
