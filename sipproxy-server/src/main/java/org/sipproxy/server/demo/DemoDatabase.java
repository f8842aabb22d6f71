package org.sipproxy.server.demo;

import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import javax.sql.DataSource;
import org.sipproxy.api.auth.CredentialStore;
import org.sipproxy.api.location.StoreMode;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.jdbc.JdbcBindingRepository;
import org.sipproxy.jdbc.JdbcCredentials;
import org.sipproxy.jdbc.KamailioSchema;
import org.sipproxy.jdbc.SubscriberException;
import org.sipproxy.jdbc.Subscribers;
import org.sipproxy.server.database.StatementLog;
import org.sipproxy.server.phone.Account;

/** Database of the demo: Kamailio's tables, and a log of the proxy's statements. */
final class DemoDatabase {

    private static final int MOST_CHARACTERS = 150;

    private final DataSource database;
    private final StatementLog log;

    /** Creates missing tables and adds the subscribers. */
    DemoDatabase(DataSource database, List<Account> accounts) {
        this.database = database;
        this.log = new StatementLog(database);
        KamailioSchema.on(database).create();
        KamailioSchema.on(database).addSubscriberNotifications();
        Subscribers subscribers = Subscribers.in(database);
        for (Account account : accounts) {
            try {
                subscribers.add(account.user(), account.domain(), account.password());
            } catch (SubscriberException e) {
                if (e.reason() != SubscriberException.Reason.EXISTS) {
                    throw e;
                }
                subscribers.changePassword(account.user(), account.domain(), account.password());
            }
        }
    }

    /** Adds the credential store and write-through registrations to a proxy. Returns the credential store. */
    CredentialStore addTo(SipProxyBuilder builder) {
        JdbcCredentials credentials = JdbcCredentials.builder(log).build();
        builder.component(credentials)
                .locationStore(StoreMode.writeThrough(
                        JdbcBindingRepository.builder(log).build()));
        return credentials;
    }

    /** Prints the statements about subscribers and registrations, and the current rows. */
    void print(PrintWriter out) {
        out.println("Statements of the proxy, each once:");
        log.statements().stream()
                .filter(sql -> sql.contains("subscriber") || sql.contains("location"))
                .filter(sql -> sql.startsWith("SELECT") || sql.startsWith("INSERT"))
                .map(sql -> sql.length() <= MOST_CHARACTERS ? sql : sql.substring(0, MOST_CHARACTERS) + " …")
                .forEach(sql -> out.println("  " + sql));
        out.println();
        print(out, "SELECT username, domain, ha1, password FROM subscriber ORDER BY username");
        print(out, "SELECT username, domain, contact, expires, callid, cseq, socket FROM location ORDER BY username");
    }

    private void print(PrintWriter out, String query) {
        out.println(query);
        try (Connection connection = database.getConnection();
                PreparedStatement statement = connection.prepareStatement(query);
                ResultSet rows = statement.executeQuery()) {
            int columns = rows.getMetaData().getColumnCount();
            while (rows.next()) {
                StringBuilder line = new StringBuilder("  ");
                for (int i = 1; i <= columns; i++) {
                    line.append(i == 1 ? "" : " | ").append(rows.getString(i));
                }
                out.println(line);
            }
        } catch (SQLException e) {
            out.println("  failed: " + e.getMessage());
        }
        out.println();
    }
}
