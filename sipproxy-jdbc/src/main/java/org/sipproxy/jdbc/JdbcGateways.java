package org.sipproxy.jdbc;

import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;
import org.sipproxy.api.gateway.Gateway;
import org.sipproxy.api.gateway.GatewaySource;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.message.SipParseException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gateways from Kamailio's table {@code dispatcher}, for {@code Dispatcher} of {@code sipproxy-gateway}.
 *
 * <pre>{@code
 * Dispatcher.builder().source(JdbcGateways.of(dataSource)).fallback("1").build()
 * }</pre>
 *
 * <p>The name of a set is its {@code setid}. Of the flags, 1 (inactive), 4 (disabled), 8 (probing) and 32 (no pings)
 * are used. Of {@code attrs}, these are used:
 *
 * <pre>
 *  attribute    used as
 *  -----------  ------------------------------------------------------------------
 *  duid         identifier; without it the destination
 *  weight       weight, 0 to 1000
 *  rweight      weight if there is no weight attribute
 *  maxload      maximum number of calls
 *  socket       listening point to send from
 *  ping_from    From of probes
 *  obproxy      outbound proxy
 * </pre>
 *
 * <p>Any other attribute is logged once, at WARN, and passed on in {@link Gateway#attributes()}. A row that is not
 * valid is skipped and logged once, at WARN; a socket that is not an endpoint is not used, and logged likewise.
 */
public final class JdbcGateways implements GatewaySource {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.DATABASE);

    private static final int STATEMENT_SECONDS = 30;

    private final QuietJdbi jdbi;
    private final RowProblems problems = new RowProblemLog(LOG);

    private JdbcGateways(QuietJdbi jdbi) {
        this.jdbi = jdbi;
    }

    /** Returns the gateways in a database. The host application closes the data source. */
    public static JdbcGateways of(DataSource dataSource) {
        return new JdbcGateways(QuietJdbi.over("gateways", dataSource));
    }

    @Override
    public List<Gateway> read() {
        List<Gateway> gateways = new ArrayList<>();
        jdbi.useHandle(handle -> handle.createQuery("SELECT id, setid, flags, priority, "
                        + RowText.bytesOf("destination", "attrs") + " FROM dispatcher ORDER BY priority DESC, id")
                .setQueryTimeout(STATEMENT_SECONDS)
                .map((row, context) -> {
                    String name = "id " + row.getLong("id");
                    String destination = RowText.orEmpty(row, "destination");
                    try {
                        gateways.add(GatewayRow.gateway(
                                row.getInt("setid"),
                                destination,
                                row.getInt("flags"),
                                row.getInt("priority"),
                                RowText.orEmpty(row, "attrs"),
                                problem -> problems.found("dispatcher", name, problem)));
                    } catch (IllegalArgumentException e) {
                        String why = String.valueOf(e.getMessage())
                                .lines()
                                .findFirst()
                                .orElse("");
                        problems.found(
                                "dispatcher", name, "skipped: " + SipParseException.excerpt(destination) + ": " + why);
                    }
                    return name;
                })
                .list());
        return gateways;
    }
}
