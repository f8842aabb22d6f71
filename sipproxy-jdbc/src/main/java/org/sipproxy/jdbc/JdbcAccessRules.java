package org.sipproxy.jdbc;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import javax.sql.DataSource;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.sipproxy.api.access.AccessRuleSource;
import org.sipproxy.api.access.AccessRules;
import org.sipproxy.api.access.AddressEntry;
import org.sipproxy.api.access.TrustedEntry;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.IpLiteral;
import org.sipproxy.message.SipParseException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The rows of Kamailio's tables {@code address} and {@code trusted}, for an access list. They mean what they mean to Kamailio's
 * permissions module: mask 0 is one single address, port 0 any port, and an {@code ip_addr} that is no IP address is a domain
 * name.
 *
 * <p>A row that makes no sense is skipped, and logged once at WARN with its id and the value: such as a mask of 64 for an IPv4
 * address, or a pattern that is not a regular expression. Rows of {@code trusted} for {@code none}, which
 * is how Kamailio switches a row off, and for SCTP, which this proxy does not speak, are left out in silence.
 *
 * <p>Patterns are POSIX extended expressions, named classes such as {@code [[:digit:]]} included, with the bounds of
 * {@link org.sipproxy.api.access.UriPattern}; a row whose pattern needs more is left out.
 */
public final class JdbcAccessRules implements AccessRuleSource {

    private static final Logger LOG = LoggerFactory.getLogger(JdbcAccessRules.class);

    private static final int STATEMENT_SECONDS = 30;

    private final Jdbi jdbi;
    private final RowProblems problems = new RowProblemLog(LOG);

    private JdbcAccessRules(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /** The rules in this database; each {@link #read()} takes one connection for its time. */
    public static JdbcAccessRules of(DataSource dataSource) {
        return new JdbcAccessRules(QuietJdbi.over(dataSource));
    }

    @Override
    public AccessRules read() {
        return jdbi.withHandle(handle -> new AccessRules(addresses(handle), trusted(handle)));
    }

    // ---- address

    private List<AddressEntry> addresses(Handle handle) {
        List<AddressEntry> entries = new ArrayList<>();
        handle.createQuery("SELECT id, grp, mask, port, " + RowText.bytesOf("ip_addr", "tag")
                        + " FROM address ORDER BY id")
                .setQueryTimeout(STATEMENT_SECONDS)
                .map((row, context) -> {
                    String address = RowText.orEmpty(row, "ip_addr").strip();
                    int mask = row.getInt("mask");
                    int port = row.getInt("port");
                    try {
                        entries.add(new AddressEntry(
                                row.getInt("grp"),
                                address,
                                prefixLength(address, mask),
                                port,
                                RowText.orEmpty(row, "tag")));
                    } catch (IllegalArgumentException e) {
                        skipped("address", row.getLong("id"), address + "/" + mask + " port " + port, e);
                    }
                    return address;
                })
                .list();
        return entries;
    }

    /** A name has no mask, but its row has one: the column's default. */
    private static int prefixLength(String address, int mask) {
        Optional<InetAddress> ip = IpLiteral.parse(address);
        return ip.isEmpty() ? 0 : mask == 0 ? ip.get().getAddress().length * 8 : mask;
    }

    // ---- trusted

    private List<TrustedEntry> trusted(Handle handle) {
        List<TrustedEntry> entries = new ArrayList<>();
        handle.createQuery("SELECT id, priority, "
                        + RowText.bytesOf("src_ip", "proto", "from_pattern", "ruri_pattern", "tag") + " FROM trusted"
                        + " ORDER BY priority DESC, id")
                .setQueryTimeout(STATEMENT_SECONDS)
                .map((row, context) -> {
                    String source = RowText.orEmpty(row, "src_ip").strip();
                    String protocol = RowText.orEmpty(row, "proto").strip().toLowerCase(Locale.ROOT);
                    String from = RowText.orEmpty(row, "from_pattern");
                    String requestUri = RowText.orEmpty(row, "ruri_pattern");
                    try {
                        Set<TransportKind> transports = transports(protocol);
                        if (!transports.isEmpty()) {
                            entries.add(new TrustedEntry(
                                    source,
                                    transports,
                                    from,
                                    requestUri,
                                    RowText.orEmpty(row, "tag"),
                                    row.getInt("priority")));
                        }
                    } catch (IllegalArgumentException e) {
                        skipped(
                                "trusted",
                                row.getLong("id"),
                                String.join(" ", source, protocol, from, requestUri)
                                        .strip(),
                                e);
                    }
                    return source;
                })
                .list();
        return entries;
    }

    private static Set<TransportKind> transports(String protocol) {
        return switch (protocol) {
            case "any" -> EnumSet.allOf(TransportKind.class);
            case "none", "sctp" -> Set.of();
            default ->
                Set.of(TransportKind.of(protocol)
                        .orElseThrow(() -> new IllegalArgumentException(
                                "proto: \"" + protocol + "\" (expected any, udp, tcp, tls, sctp, ws, wss or none)")));
        };
    }

    private void skipped(String table, long id, String value, IllegalArgumentException e) {
        String why = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
        problems.found(table, "id " + id, "skipped: " + SipParseException.excerpt(value) + ": " + why);
    }
}
