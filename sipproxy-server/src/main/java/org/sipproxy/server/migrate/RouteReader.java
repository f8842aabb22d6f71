package org.sipproxy.server.migrate;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Recognizes what the route blocks do: the statements of the stock configuration, and frequent ones of others. Anything
 * else is explained as code that the operator has to write. A block that no other block calls is ignored, as by
 * Kamailio.
 */
final class RouteReader {

    private static final Set<String> ENTRIES = Set.of("request_route", "reply_route", "onsend_route");

    private final StockRoutes stock = new StockRoutes();
    private final Idioms idioms = new Idioms();
    private final Functions functions = new Functions();
    private final Script script;
    private final Remarks remarks;
    private final Map<Feature, Statement> found = new EnumMap<>(Feature.class);

    RouteReader(Script script, Remarks remarks) {
        this.script = script;
        this.remarks = remarks;
    }

    /** Returns the features of the blocks that can be reached, each with its statement. */
    Map<Feature, Statement> read() {
        Set<String> reached = reached();
        for (Script.Block block : script.blocks) {
            if (!reached.contains(block.name())) {
                remarks.add(
                        Remark.Kind.COVERED,
                        block.place(),
                        block.name() + " (" + block.lines()
                                + ") is not called, so it has no effect in Kamailio either");
            } else {
                read(block);
            }
        }
        if (script.block("request_route").isEmpty()) {
            remarks.add(
                    Remark.Kind.DECISION,
                    script.blocks.isEmpty()
                            ? new Place("the configuration", 0)
                            : script.blocks.get(0).place(),
                    "request_route is missing, so Kamailio does not start; this server does not need it");
        }
        return found;
    }

    private Set<String> reached() {
        Set<String> reached = new LinkedHashSet<>();
        Deque<String> open = new ArrayDeque<>();
        script.blocks.stream()
                .map(Script.Block::name)
                .filter(name -> ENTRIES.contains(name) || name.startsWith("event_route"))
                .forEach(open::add);
        while (!open.isEmpty()) {
            String name = open.poll();
            if (reached.add(name)) {
                script.block(name).stream()
                        .flatMap(block -> block.statements().stream())
                        .forEach(statement -> open.addAll(statement.calls()));
            }
        }
        return reached;
    }

    private void read(Script.Block block) {
        List<StockRoutes.Row> rows = stock.of(block.name());
        Set<Integer> seen = new LinkedHashSet<>();
        int next = 0;
        boolean isOrdered = true;
        boolean isKnown = true;
        List<String> texts = new ArrayList<>();
        for (Statement statement : block.statements()) {
            int row = find(rows, statement.fingerprint(), next, seen);
            Optional<Meaning> meaning = row >= 0 ? Optional.of(rows.get(row).meaning()) : idioms.meaning(statement);
            if (row >= 0) {
                seen.add(row);
                isOrdered &= row >= next;
                next = row + 1;
            }
            if (meaning.isPresent()) {
                accept(block, statement, meaning.get(), texts);
            } else if (!statement.isLog()) {
                isKnown = false;
                if (asksForPasswords(statement)) {
                    found.putIfAbsent(Feature.UNKNOWN_AUTHENTICATION, statement);
                }
                remarks.add(
                        Remark.Kind.CODE,
                        statement.place(),
                        block.name() + ": " + statement.shown() + " — " + functions.instead(statement));
            }
        }
        if (!isOrdered) {
            remarks.add(
                    Remark.Kind.DIFFERENCE,
                    block.place(),
                    block.name() + " has the statements of the stock configuration in another order; here the order is"
                            + " fixed: checks, authentication, routing, relay");
        }
        explainMissing(block, rows, seen);
        remarks.add(
                Remark.Kind.COVERED,
                block.place(),
                block.name() + " (" + block.lines() + ")" + (isKnown ? ": " : ", except as above: ")
                        + (texts.isEmpty() ? "nothing to do" : String.join("; ", texts)));
    }

    private static boolean asksForPasswords(Statement statement) {
        return statement.tokens().stream()
                .map(Token::text)
                .anyMatch(word -> word.endsWith("_authorize")
                        || word.endsWith("_challenge")
                        || word.endsWith("_authenticate")
                        || word.endsWith("auth_check")
                        || word.startsWith("autheph_"));
    }

    /** Returns the row of a statement, at or after {@code next} if possible; -1 if there is none. */
    private static int find(List<StockRoutes.Row> rows, String fingerprint, int next, Set<Integer> seen) {
        int earlier = -1;
        for (int i = 0; i < rows.size(); i++) {
            if (rows.get(i).fingerprint().equals(fingerprint) && !seen.contains(i)) {
                if (i >= next) {
                    return i;
                }
                earlier = i;
            }
        }
        return earlier;
    }

    private void accept(Script.Block block, Statement statement, Meaning meaning, List<String> texts) {
        meaning.feature().ifPresent(feature -> found.putIfAbsent(feature, statement));
        if (meaning.kind() != Remark.Kind.COVERED) {
            remarks.add(meaning.kind(), statement.place(), block.name() + ": " + meaning.text());
        } else if (!meaning.text().startsWith("end of") && !texts.contains(meaning.text())) {
            texts.add(meaning.text());
        }
    }

    /** Explains what was removed from a changed stock block, because this server does it in any case. */
    private void explainMissing(Script.Block block, List<StockRoutes.Row> rows, Set<Integer> seen) {
        long required = rows.stream().filter(StockRoutes.Row::isRequired).count();
        long kept = seen.stream().filter(row -> rows.get(row).isRequired()).count();
        if (kept * 3 <= required * 2) {
            return; // another block with the same name
        }
        for (int i = 0; i < rows.size(); i++) {
            StockRoutes.Row row = rows.get(i);
            if (row.isRequired() && !seen.contains(i) && !row.meaning().text().startsWith("end of")) {
                remarks.add(
                        Remark.Kind.DIFFERENCE,
                        block.place(),
                        block.name() + " lacks a statement of the stock configuration, or has it with changes; in any"
                                + " case, here: " + row.meaning().text());
            }
        }
    }
}
