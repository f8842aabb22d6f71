package org.sipproxy.jdbc;

import java.net.InetAddress;
import java.util.List;
import java.util.Objects;
import org.sipproxy.api.routing.CompletedRequest;
import org.sipproxy.message.HostName;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipUri;

/**
 * Additional column of the accounting tables and the value that is written there, like Kamailio's {@code db_extra}. The
 * column must exist as VARCHAR or TEXT: {@code ALTER TABLE acc ADD COLUMN src_user VARCHAR(64) NOT NULL DEFAULT ''}.
 *
 * @param name the column in lower case: a letter or underscore, then letters, digits and underscores, at most 63
 *     characters
 * @param value the function that returns the value, which is cut to the column's width and empty if the function
 *     throws. Called on receiver threads: it must not block and must not keep the request
 */
public record AccountingColumn(String name, Value value) {

    /** Function that returns a text for a completed request. */
    @FunctionalInterface
    public interface Value {

        /**
         * Returns the text for a request.
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

    /** {@code src_ip}: the source address of the request. */
    public static final AccountingColumn SOURCE_IP = new AccountingColumn("src_ip", done -> {
        InetAddress address = done.flow().remoteAddress().getAddress();
        return address == null ? "" : HostName.literal(address);
    });

    /** {@code dst_ouser}: the user of To, whom the caller dialled. */
    public static final AccountingColumn DIALLED_USER =
            new AccountingColumn("dst_ouser", done -> done.request().to().uri().user());

    /**
     * {@code dst_user}: the user of the URI that the request was relayed to, or of the Request-URI if it was not
     * relayed. Of several targets the first counts.
     */
    public static final AccountingColumn DESTINATION_USER =
            new AccountingColumn("dst_user", done -> destination(done).user());

    /**
     * {@code dst_domain}: the host of the URI that the request was relayed to, or of the Request-URI if it was not
     * relayed. Of several targets the first counts.
     */
    public static final AccountingColumn DESTINATION_DOMAIN =
            new AccountingColumn("dst_domain", done -> destination(done).host());

    /** {@code callid}: for call records, whose table has no such column by default. */
    public static final AccountingColumn CALL_ID =
            new AccountingColumn("callid", done -> done.request().callId());

    /** The six columns that a Kamailio configured like its manual writes. */
    public static final List<AccountingColumn> USUAL =
            List.of(SOURCE_USER, SOURCE_DOMAIN, SOURCE_IP, DIALLED_USER, DESTINATION_USER, DESTINATION_DOMAIN);

    /** The default columns of a call record: {@link #CALL_ID} and the {@link #USUAL} ones. */
    public static final List<AccountingColumn> OF_RECORDS =
            List.of(CALL_ID, SOURCE_USER, SOURCE_DOMAIN, SOURCE_IP, DIALLED_USER, DESTINATION_USER, DESTINATION_DOMAIN);

    /**
     * Checks the name.
     *
     * @throws IllegalArgumentException if the name is not a plain lower-case name
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
