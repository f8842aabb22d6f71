package org.sipproxy.samples;

import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.core.SipProxy;
import org.sipproxy.jdbc.KamailioSchema;
import org.sipproxy.jdbc.Subscribers;

/** What an operator does every day, by a program: users, registrations, figures, health. */
public final class DailyTasks {

    private DailyTasks() {}

    /** Adds a user to the database, as {@code kamctl add}. */
    public static void add(DataSource database, String user, String password) {
        Subscribers.in(database).add(user, "sip.test", password);
    }

    /** Changes a password, as {@code kamctl passwd}. The next registration needs the new one. */
    public static void passwd(DataSource database, String user, String password) {
        Subscribers.in(database).changePassword(user, "sip.test", password);
    }

    /** Removes a user with the rows of its registrations, as {@code kamctl rm}. */
    public static void rm(DataSource database, String user) {
        Subscribers.in(database).remove(user, "sip.test");
    }

    /** Returns where a user is registered, as {@code kamctl ul show USER}. */
    public static List<Binding> show(SipProxy proxy, String user) {
        return proxy.locationStore().lookup(new Aor(user, "sip.test"));
    }

    /** Returns all registrations, one line each, as {@code kamctl ul show}. */
    public static List<String> showAll(SipProxy proxy) {
        List<String> lines = new ArrayList<>();
        proxy.locationStore()
                .forEach((aor, bindings) -> bindings.forEach(
                        binding -> lines.add(aor + " " + binding.contact() + " until " + binding.expiresAt())));
        return lines;
    }

    /** Returns figures of the proxy, as {@code kamctl monitor}. */
    public static String figures(SipProxy proxy) {
        var now = proxy.statistics();
        return now.requests() + " requests, " + now.responses() + " responses, " + now.retransmissions()
                + " retransmissions, " + now.serverTransactions() + " transactions in progress";
    }

    /** Returns what is wrong with proxy or database; empty if all is well. */
    public static List<String> problems(SipProxy proxy, DataSource database) {
        List<String> problems = new ArrayList<>();
        KamailioSchema.on(database).verify().forEach(mismatch -> problems.add(mismatch.toString()));
        if (!proxy.health().isReady()) {
            problems.add(proxy.health().toString());
        }
        return problems;
    }
}
