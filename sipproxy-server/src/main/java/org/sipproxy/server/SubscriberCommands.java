package org.sipproxy.server;

import java.io.BufferedReader;
import java.io.Console;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.sipproxy.jdbc.Subscriber;
import org.sipproxy.jdbc.Subscribers;
import org.sipproxy.server.command.Terminal;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Commands that manage subscribers, as {@code kamctl add, passwd, rm} and {@code show} do. */
final class SubscriberCommands {

    private static final int PAGE = 1_000;

    private SubscriberCommands() {}

    /** Command for one subscriber. */
    abstract static class OfOne extends DatabaseCommand {

        @Parameters(index = "0", paramLabel = "USER", description = "USER@DOMAIN, or USER with --domain.")
        String user = "";

        @Option(
                names = "--domain",
                paramLabel = "DOMAIN",
                description = "The domain of USER. Default: the domain of the subscribers, if all have the same.")
        String domain = "";

        @Override
        List<String> problems() {
            return user.contains("@") && !domain.isEmpty()
                    ? List.of("--domain: USER already has a domain; use one or the other")
                    : List.of();
        }

        @Override
        final int run(Database database) {
            Subscribers subscribers = subscribers(database);
            String realm = domain(subscribers);
            String done = change(subscribers, name(), realm);
            String address = name() + "@" + realm;
            return succeed(done + " " + address, result(done, address));
        }

        /** Changes the subscriber, and returns what was done. */
        abstract String change(Subscribers subscribers, String name, String realm);

        Subscribers subscribers(Database database) {
            return Subscribers.in(database.dataSource());
        }

        private String name() {
            int at = user.lastIndexOf('@');
            return at < 0 ? user : user.substring(0, at);
        }

        private String domain(Subscribers subscribers) {
            int at = user.lastIndexOf('@');
            if (at >= 0 || !domain.isEmpty()) {
                return (at >= 0 ? user.substring(at + 1) : domain).toLowerCase(Locale.ROOT);
            }
            List<String> domains = subscribers.domains(2);
            if (domains.size() != 1) {
                throw new IllegalArgumentException("--domain: missing, and the subscribers have "
                        + (domains.isEmpty() ? "no domain yet" : "several domains") + "; write " + user
                        + "@DOMAIN");
            }
            return domains.get(0);
        }

        private static Map<String, Object> result(String what, String address) {
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("result", what);
            result.put("subscriber", address);
            return result;
        }
    }

    /** Command that also needs a password. */
    abstract static class WithPassword extends OfOne {

        @Parameters(
                index = "1",
                arity = "0..1",
                paramLabel = "PASSWORD",
                description = {
                    "Better omitted, because other users of this machine can see a command line. Without it, the",
                    "command prompts for the password, or reads the first line of stdin."
                })
        @Nullable
        String password;

        @Option(
                names = "--store-plain-password",
                description = "Also stores the plain password, for a Kamailio with calculate_ha1=1.")
        boolean storePlainPassword;

        final String password() {
            if (password != null) {
                return password;
            }
            Optional<Console> terminal = Terminal.find();
            if (terminal.isPresent()) {
                return readTwice(terminal.get());
            }
            try {
                // not closed: stdin belongs to the process
                String line = new BufferedReader(new InputStreamReader(System.in, Charset.defaultCharset())).readLine();
                if (line == null) {
                    throw new IllegalArgumentException(
                            "PASSWORD: missing, and stdin is empty; type it or send it to stdin");
                }
                return line;
            } catch (IOException e) {
                throw new IllegalArgumentException("PASSWORD: stdin cannot be read", e);
            }
        }

        private static String readTwice(Console console) {
            char[] first = console.readPassword("Password: ");
            char[] second = console.readPassword("Again: ");
            if (first == null || second == null || !new String(first).equals(new String(second))) {
                throw new IllegalArgumentException("PASSWORD: the two entries differ; try again");
            }
            return new String(first);
        }

        @Override
        final Subscribers subscribers(Database database) {
            Subscribers.Builder builder = Subscribers.builder(database.dataSource());
            return (storePlainPassword ? builder.storePlainPasswords() : builder).build();
        }
    }

    @Command(
            name = "add",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            descriptionHeading = "%n",
            description = "Adds a subscriber to the database. Exit status 1 if it exists already.",
            footer = {"", Launcher.EXIT_CODES})
    static final class Add extends WithPassword {
        @Override
        String change(Subscribers subscribers, String name, String realm) {
            subscribers.add(name, realm, password());
            return "added";
        }
    }

    @Command(
            name = "passwd",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            descriptionHeading = "%n",
            description = {
                "Changes a subscriber's password. Running proxies refuse the old password within a second.",
                "Exit status 1 if there is no such subscriber."
            },
            footer = {"", Launcher.EXIT_CODES})
    static final class Passwd extends WithPassword {
        @Override
        String change(Subscribers subscribers, String name, String realm) {
            subscribers.changePassword(name, realm, password());
            return "changed";
        }
    }

    @Command(
            name = "rm",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            descriptionHeading = "%n",
            description = {
                "Removes a subscriber, its aliases and its registrations. Within a second, running proxies refuse its",
                "requests and calls to it. Exit status 1 if there is no such subscriber."
            },
            footer = {"", Launcher.EXIT_CODES})
    static final class Rm extends OfOne {
        @Override
        String change(Subscribers subscribers, String name, String realm) {
            subscribers.remove(name, realm);
            return "removed";
        }
    }

    @Command(
            name = "show",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            descriptionHeading = "%n",
            description = {
                "Shows one subscriber, or all, without passwords and hashes. Exit status 1 if there is no such",
                "subscriber.",
                "Columns: USER@DOMAIN, and what is stored: ha1, the MD5 hash of the password; sha256, its SHA-256 hash;",
                "password, the password itself."
            },
            footer = {"", Launcher.EXIT_CODES})
    static final class Show extends DatabaseCommand {

        @Parameters(
                index = "0",
                arity = "0..1",
                paramLabel = "USER",
                description = "USER@DOMAIN, or USER of any domain.")
        private String user = "";

        @Override
        int run(Database database) {
            List<Subscriber> found = find(Subscribers.in(database.dataSource()));
            if (found.isEmpty() && !user.isEmpty()) {
                return fail(Launcher.FAILED, List.of("no subscriber " + user));
            }
            return succeed(
                    found.isEmpty()
                            ? "no subscribers"
                            : found.stream().map(Show::text).collect(Collectors.joining(System.lineSeparator())),
                    found.stream().map(Show::json).toList());
        }

        private List<Subscriber> find(Subscribers subscribers) {
            int at = user.lastIndexOf('@');
            if (at >= 0) {
                return subscribers.find(user.substring(0, at), user.substring(at + 1)).stream()
                        .toList();
            }
            return user.isEmpty() ? all(subscribers) : subscribers.find(user);
        }

        private static List<Subscriber> all(Subscribers subscribers) {
            List<Subscriber> all = new ArrayList<>();
            List<Subscriber> page = subscribers.list(Optional.empty(), PAGE);
            while (!page.isEmpty()) {
                all.addAll(page);
                page = subscribers.list(Optional.of(page.get(page.size() - 1)), PAGE);
            }
            return all;
        }

        private static String text(Subscriber subscriber) {
            List<String> stored = new ArrayList<>();
            if (subscriber.hasHa1()) {
                stored.add("ha1 (MD5 hash)");
            }
            if (subscriber.hasSha256()) {
                stored.add("sha256 (SHA-256 hash)");
            }
            if (subscriber.hasPassword()) {
                stored.add("password (plain text)");
            }
            return subscriber.address() + "\t"
                    + (stored.isEmpty() ? "nothing, so it cannot register" : String.join(", ", stored));
        }

        private static Map<String, Object> json(Subscriber subscriber) {
            Map<String, Object> map = new LinkedHashMap<>();
            map.put("username", subscriber.username());
            map.put("domain", subscriber.domain());
            map.put("ha1", subscriber.hasHa1());
            map.put("sha256", subscriber.hasSha256());
            map.put("password", subscriber.hasPassword());
            return map;
        }
    }
}
