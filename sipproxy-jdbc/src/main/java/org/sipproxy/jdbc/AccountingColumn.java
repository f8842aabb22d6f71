package org.sipproxy.jdbc;

import java.net.InetAddress;
import java.util.List;
import java.util.Objects;
import org.sipproxy.api.routing.CompletedRequest;
import org.sipproxy.message.HostName;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipUri;

/**
 * A further column of the accounting tables and what is written there, as Kamailio's {@code db_extra}. The column has to be
 * there, as VARCHAR or TEXT: {@code ALTER TABLE acc ADD COLUMN src_user VARCHAR(64) NOT NULL DEFAULT ''}.
 *
 * @param name the column, in lower case: a letter or underscore, then letters, digits and underscores, at most 63
 * @param value what is written; cut to the column's width, and empty if it throws. Called on event loops: it must not block and
 *     must not keep the request
 */
public record AccountingColumn(String name, Value value) {

    /** Reads a text out of a finished request. */
    @FunctionalInterface
    public interface Value {

        /**
         * The text of one request.
         *
         * @throws SipParseException if the part that it reads is malformed; the text is then empty
         */
        String of(CompletedRequest request) throws SipParseException;
    }

    /** {@code src_user}: the user of From. */
    public static final AccountingColumn SOURCE_USER =
            new AccountingColumn("src_user", done -> done.request().from().uri().user());

    /** {@code src_domain}: the host of From. */
    public static final AccountingColumn SOURCE_DOMAIN = new AccountingColumn(
            "src_domain", done -> done.request().from().uri().host());

    /** {@code src_ip}: the address that the request came from. */
    public static final AccountingColumn SOURCE_IP = new AccountingColumn("src_ip", done -> {
        InetAddress address = done.flow().remoteAddress().getAddress();
        return address == null ? "" : HostName.literal(address);
    });

    /** {@code dst_ouser}: the user of To, whom the caller dialled. */
    public static final AccountingColumn DIALLED_USER =
            new AccountingColumn("dst_ouser", done -> done.request().to().uri().user());

    /** {@code dst_user}: the user of the URI that it was relayed to, of several the first; else of the Request-URI. */
    public static final AccountingColumn DESTINATION_USER =
            new AccountingColumn("dst_user", done -> destination(done).user());

    /** {@code dst_domain}: the host of the URI that it was relayed to, of several the first; else of the Request-URI. */
    public static final AccountingColumn DESTINATION_DOMAIN =
            new AccountingColumn("dst_domain", done -> destination(done).host());

    /** {@code callid}: for call records, which have no column for it of their own. */
    public static final AccountingColumn CALL_ID =
            new AccountingColumn("callid", done -> done.request().callId());

    /** The six columns that a Kamailio set up as in its manual writes. */
    public static final List<AccountingColumn> USUAL =
            List.of(SOURCE_USER, SOURCE_DOMAIN, SOURCE_IP, DIALLED_USER, DESTINATION_USER, DESTINATION_DOMAIN);

    /** What a call record has by default: {@link #CALL_ID} and the {@link #USUAL} ones. */
    public static final List<AccountingColumn> OF_RECORDS =
            List.of(CALL_ID, SOURCE_USER, SOURCE_DOMAIN, SOURCE_IP, DIALLED_USER, DESTINATION_USER, DESTINATION_DOMAIN);

    /**
     * Checks the name.
     *
     * @throws IllegalArgumentException if it is no plain lower-case name
     */
    public AccountingColumn {
        Objects.requireNonNull(value, "value");
        if (!isPlainName(Objects.requireNonNull(name, "name"))) {
            throw new IllegalArgumentException("name: \"" + SipParseException.excerpt(name)
                    + "\" (expected lower-case letters, digits and underscores, at most 63); rename the column");
        }
    }

    private static boolean isPlainName(String name) {
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (!(c >= 'a' && c <= 'z' || c == '_' || i > 0 && c >= '0' && c <= '9')) {
                return false;
            }
        }
        return !name.isEmpty() && name.length() <= 63;
    }

    private static SipUri destination(CompletedRequest done) throws SipParseException {
        return done.isRelayed() ? done.targets().get(0).uri() : done.request().requestUri();
    }
}
