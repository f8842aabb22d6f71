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
import org.sipproxy.api.access.AccessRuleSource;
import org.sipproxy.api.access.AccessRules;
import org.sipproxy.api.access.AddressEntry;
import org.sipproxy.api.access.TrustedEntry;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.IpLiteral;
import org.sipproxy.message.SipParseException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Access rules from Kamailio's tables {@code address} and {@code trusted}, with the meaning that Kamailio's permissions
 * module gives them: mask 0 is a single address, port 0 is any port, and an {@code ip_addr} that is not an IP address
 * is a domain name.
 *
 * <p>An invalid row is skipped and logged once, at WARN, with its id and the value: for example a mask of 64 for an
 * IPv4 address, or a pattern that is not a regular expression. Rows of {@code trusted} for {@code none}, with which
 * Kamailio disables a row, and for SCTP, which this proxy does not support, are skipped without a log line.
 *
 * <p>Patterns are POSIX extended regular expressions, including named classes such as {@code [[:digit:]]}, within the
 * limits of {@link org.sipproxy.api.access.UriPattern}. A row whose pattern exceeds them is skipped.
 */
public final class JdbcAccessRules implements AccessRuleSource {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.ACCESS);

    private static final int STATEMENT_SECONDS = 30;

    private final QuietJdbi jdbi;
    private final RowProblems problems = new RowProblemLog(LOG);

    private JdbcAccessRules(QuietJdbi jdbi) {
        this.jdbi = jdbi;
    }

    /** Returns the rules in a database. Each {@link #read()} uses one connection while it runs. */
    public static JdbcAccessRules of(DataSource dataSource) {
        return new JdbcAccessRules(QuietJdbi.over("access rules", dataSource));
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

    /** A name has no mask, but its row has the column's default. */
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
