package org.sipproxy.jdbc;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.jdbi.v3.core.Jdbi;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.config.OptionProblems;
import org.sipproxy.api.routing.FailureCause;
import org.sipproxy.api.routing.RelayPlan;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipUri;
import org.sipproxy.message.StatusCode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Load distribution over the destinations of a set in Kamailio's table {@code dispatcher}, such as a farm of media
 * servers.
 *
 * <pre>{@code
 * JdbcDispatcher.builder(dataSource)
 *         .route(1, Algorithm.ROUND_ROBIN, context -> context.request().requestUri().user().startsWith("8"))
 *         .build()
 * }</pre>
 *
 * <p>A request that meets a route's condition is relayed to the route's set, after the proxy's authentication and
 * before the location lookup. The first route that matches counts. In-dialog requests follow their Route headers and
 * are not dispatched. The Request-URI keeps its user and gets the destination's host, port and parameters, like
 * {@code ds_select_domain}.
 *
 * <p>If a destination cannot be reached, does not respond, or responds 408 or 5xx, the next ones of the set are tried,
 * {@link Builder#tries} in total. Any other failure is the response. A destination that does not respond at all is
 * given up after the transaction timeout (RFC 3261 §17, 32 s); it is not probed. Rows with flag 1 (inactive) or 4
 * (disabled) are skipped. If a set has no destination, the response is 503.
 *
 * <p>The table is read when the proxy starts and by {@link #reload()}. Of {@code attrs}, {@code weight} and
 * {@code socket} are used.
 */
public final class JdbcDispatcher implements ProxyComponent {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.DATABASE);

    private static final int STATEMENT_SECONDS = 30;
    private static final int INACTIVE_OR_DISABLED = 1 | 4;
    private static final Verdict NO_DESTINATION =
            Verdict.respond(StatusCode.SERVICE_UNAVAILABLE, "Service Unavailable", "Retry-After: 10");

    /** Order of the destinations: which one is tried first. The others are its fallbacks. */
    public enum Algorithm {
        /** The same one for all requests of a Call-ID, as long as the set does not change. Kamailio's 0. */
        CALL_ID_HASH,
        /** Each in turn. Kamailio's 4. */
        ROUND_ROBIN,
        /** The one with the highest priority. Kamailio's 8. */
        PRIORITY_SERIAL,
        /** A random one, in proportion to {@code weight}; equally if no destination has a weight. Kamailio's 9. */
        WEIGHT
    }

    /** Condition on a request. Evaluated on receiver threads: it must not block. */
    @FunctionalInterface
    public interface Condition {

        /**
         * True if the request goes to the set.
         *
         * @throws SipParseException if a part that it reads is malformed; the request is then rejected with 400
         */
        boolean holds(StageContext context) throws SipParseException;
    }

    private record Route(int set, Algorithm algorithm, Condition condition, AtomicInteger turn) {}

    private final Jdbi jdbi;
    private final RowProblems problems = new RowProblemLog(LOG);
    private final List<Route> routes;
    private final int tries;
    /** Destinations by set, the highest priority first; never modified in place. */
    private volatile Map<Integer, List<Destination>> sets = Map.of();

    private JdbcDispatcher(Builder b) {
        this.jdbi = QuietJdbi.over(b.dataSource);
        this.routes = List.copyOf(b.routes);
        this.tries = b.tries;
    }

    /** Returns a builder for the destinations in a database. The host application closes the data source. */
    public static Builder builder(DataSource dataSource) {
        return new Builder(dataSource);
    }

    @Override
    public String name() {
        return "dispatcher";
    }

    @Override
    public void install(ComponentHooks hooks) {
        hooks.beforeRouting(new Stage());
    }

    @Override
    public void start(ProxyRuntime proxy) {
        reload();
    }

    /**
     * Reads the table again, for all later requests. Blocks. A row whose destination is not a SIP URI is skipped,
     * and a socket that is not an endpoint is not used; both are logged once, at WARN.
     *
     * @throws RuntimeException if the table cannot be read; the sets stay as they were
     */
    public void reload() {
        Map<Integer, List<Destination>> read = new HashMap<>();
        jdbi.useHandle(handle -> handle.createQuery("SELECT id, setid, flags, "
                        + RowText.bytesOf("destination", "attrs") + " FROM dispatcher ORDER BY priority DESC, id")
                .setQueryTimeout(STATEMENT_SECONDS)
                .map((row, context) -> {
                    int set = row.getInt("setid");
                    if ((row.getInt("flags") & INACTIVE_OR_DISABLED) == 0) {
                        String uri = RowText.orEmpty(row, "destination");
                        try {
                            String name = "id " + row.getLong("id");
                            read.computeIfAbsent(set, s -> new ArrayList<>())
                                    .add(Destination.of(
                                            uri,
                                            RowText.orEmpty(row, "attrs"),
                                            problem -> problems.found("dispatcher", name, problem)));
                        } catch (IllegalArgumentException e) {
                            problems.found(
                                    "dispatcher",
                                    "id " + row.getLong("id"),
                                    "skipped: " + SipParseException.excerpt(uri) + ": " + e.getMessage());
                        }
                    }
                    return set;
                })
                .list());
        sets = Map.copyOf(read);
    }

    /** Returns the destinations of a set that are in use, the highest priority first. */
    public List<String> destinations(int set) {
        return sets.getOrDefault(set, List.of()).stream().map(Destination::text).toList();
    }

    private final class Stage implements RequestStage {

        @Override
        public String name() {
            return "dispatcher";
        }

        @Override
        public boolean mayBlock() {
            return false;
        }

        @Override
        public boolean isRepeatable() {
            return true;
        }

        @Override
        public Verdict handle(StageContext context) throws SipParseException {
            for (Route route : routes) {
                if (route.condition().holds(context)) {
                    List<Destination> set = sets.getOrDefault(route.set(), List.of());
                    return set.isEmpty()
                            ? NO_DESTINATION
                            : Verdict.relay(plan(set, first(route, set, context), context));
                }
            }
            return Verdict.proceed();
        }
    }

    private static int first(Route route, List<Destination> set, StageContext context) throws SipParseException {
        return switch (route.algorithm()) {
            case CALL_ID_HASH -> Math.floorMod(mixed(context.request().callId().hashCode()), set.size());
            case ROUND_ROBIN -> Math.floorMod(route.turn().getAndIncrement(), set.size());
            case PRIORITY_SERIAL -> 0;
            case WEIGHT -> byWeight(set);
        };
    }

    /** Mixes the bits: Call-IDs that count up differ in their last bits only, and so do their hashes. */
    private static int mixed(int hash) {
        int h = hash * 0x9E3779B9;
        return h ^ h >>> 16;
    }

    private static int byWeight(List<Destination> set) {
        int total = 0;
        for (Destination destination : set) {
            total += destination.weight();
        }
        if (total == 0) {
            return ThreadLocalRandom.current().nextInt(set.size());
        }
        int at = ThreadLocalRandom.current().nextInt(total);
        int index = 0;
        while (at >= set.get(index).weight()) {
            at -= set.get(index++).weight();
        }
        return index;
    }

    /** Returns the first destination, and those that follow it in the set as its fallbacks. */
    private RelayPlan plan(List<Destination> set, int first, StageContext context) throws SipParseException {
        SipUri requested = context.request().requestUri();
        RelayPlan plan = null;
        for (int i = Math.min(tries, set.size()) - 1; i >= 0; i--) {
            Destination destination = set.get((first + i) % set.size());
            RelayPlan one = RelayPlan.to(
                    new Target(destination.uriFor(requested), 1f, List.of(), null, null, destination.socket()));
            plan = plan == null
                    ? one
                    : one.onFailure(FailureCause.UNREACHABLE)
                            .relay(plan)
                            .onStatus(StatusCode.REQUEST_TIMEOUT)
                            .relay(plan);
        }
        return Objects.requireNonNull(plan, "the set is empty");
    }

    /** Options of {@link JdbcDispatcher}. */
    public static final class Builder {

        private final DataSource dataSource;
        private final List<Route> routes = new ArrayList<>();
        private int tries = 3;

        private Builder(DataSource dataSource) {
            this.dataSource = Objects.requireNonNull(dataSource, "dataSource");
        }

        /**
         * Routes requests that meet the condition to a set. Routes are evaluated in the order of the calls; at least
         * one is needed.
         */
        public Builder route(int set, Algorithm algorithm, Condition condition) {
            routes.add(new Route(
                    set,
                    Objects.requireNonNull(algorithm, "algorithm"),
                    Objects.requireNonNull(condition, "condition"),
                    new AtomicInteger()));
            return this;
        }

        /** Sets the maximum number of destinations that are tried for a request, 1 to 10. Default 3. */
        public Builder tries(int count) {
            this.tries = count;
            return this;
        }

        /**
         * Checks the options. Does not open a connection.
         *
         * @throws ConfigurationException if an option is missing or outside its range
         */
        public JdbcDispatcher build() {
            OptionProblems found = new OptionProblems("dispatcher");
            if (routes.isEmpty()) {
                found.add("route", "", "none", "add one, which sends requests to a set");
            }
            found.range("tries", tries, 1, 10);
            found.throwIfAny();
            return new JdbcDispatcher(this);
        }
    }
}
