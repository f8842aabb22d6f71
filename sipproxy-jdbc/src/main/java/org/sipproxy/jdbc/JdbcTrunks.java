package org.sipproxy.jdbc;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;
import org.sipproxy.api.gateway.TrunkAccount;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.message.SipParseException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Accounts at providers from Kamailio's table {@code uacreg}, for {@code Trunk} of {@code sipproxy-gateway}.
 *
 * <pre>{@code
 * for (TrunkAccount account : JdbcTrunks.of(dataSource).read()) {
 *     builder.component(Trunk.builder(account).prefix("+").build());
 * }
 * }</pre>
 *
 * <pre>
 *  column                      used as
 *  --------------------------  -----------------------------------------------------------------
 *  l_uuid                      name
 *  l_username, l_domain        user of the proxy who gets the provider's calls
 *  r_username, r_domain        address of record at the provider
 *  auth_username, realm        user name and only realm of the login; an empty realm is any realm
 *  auth_ha1, auth_password     secret of the login; the hash takes precedence and requires a realm
 *  auth_proxy                  outbound proxy
 *  expires                     time to request, 30 s to 24 h; 0: no registration
 *  flags                       1: no registration; other bits are ignored
 *  reg_delay                   start delay in seconds, at most one hour
 *  contact_addr                host of the Contact; its user part is not l_uuid, because that can be guessed
 *  socket                      listening point to send from
 * </pre>
 *
 * <p>A row that is not valid is skipped and logged once, at WARN; a value that is not used as it is is logged likewise.
 * No log line has a secret.
 */
public final class JdbcTrunks {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.DATABASE);

    private static final int STATEMENT_SECONDS = 30;

    private final QuietJdbi jdbi;
    private final RowProblems problems;

    private JdbcTrunks(QuietJdbi jdbi, RowProblems problems) {
        this.jdbi = jdbi;
        this.problems = problems;
    }

    /** Returns the accounts in a database. The host application closes the data source. */
    public static JdbcTrunks of(DataSource dataSource) {
        return of(dataSource, LOG);
    }

    static JdbcTrunks of(DataSource dataSource, Logger log) {
        return new JdbcTrunks(QuietJdbi.over("trunks", dataSource), new RowProblemLog(log));
    }

    /**
     * Reads all accounts. Blocks.
     *
     * @throws RuntimeException if the table cannot be read
     */
    public List<TrunkAccount> read() {
        List<TrunkAccount> accounts = new ArrayList<>();
        jdbi.useHandle(handle -> handle.createQuery("SELECT id, expires, flags, reg_delay, "
                        + RowText.bytesOf(
                                "l_uuid",
                                "l_username",
                                "l_domain",
                                "r_username",
                                "r_domain",
                                "realm",
                                "auth_username",
                                "auth_password",
                                "auth_ha1",
                                "auth_proxy",
                                "contact_addr",
                                "socket")
                        + " FROM uacreg ORDER BY id")
                .setQueryTimeout(STATEMENT_SECONDS)
                .map((row, context) -> {
                    String name = "id " + row.getLong("id");
                    TrunkRow read = new TrunkRow(
                            text(row, "l_uuid"),
                            text(row, "l_username"),
                            text(row, "l_domain"),
                            text(row, "r_username"),
                            text(row, "r_domain"),
                            text(row, "realm"),
                            text(row, "auth_username"),
                            RowText.orEmpty(row, "auth_password"),
                            text(row, "auth_ha1"),
                            text(row, "auth_proxy"),
                            row.getInt("expires"),
                            row.getInt("flags"),
                            row.getInt("reg_delay"),
                            text(row, "contact_addr"),
                            text(row, "socket"));
                    try {
                        accounts.add(read.account(problem -> problems.found("uacreg", name, problem)));
                    } catch (IllegalArgumentException e) {
                        String why = String.valueOf(e.getMessage())
                                .lines()
                                .findFirst()
                                .orElse("");
                        problems.found(
                                "uacreg", name, "skipped: " + SipParseException.excerpt(read.uuid()) + ": " + why);
                    }
                    return name;
                })
                .list());
        return List.copyOf(accounts);
    }

    private static String text(ResultSet row, String column) throws SQLException {
        return RowText.orEmpty(row, column).strip();
    }
}
