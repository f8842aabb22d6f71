package org.sipproxy.server;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.sipproxy.api.config.OptionProblems;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.core.options.RegistrarPolicy;
import org.sipproxy.core.options.RegistrarPolicy.ConnectionLoss;
import org.sipproxy.core.options.RegistrarPolicy.ContactMatching;
import org.sipproxy.core.options.RegistrarPolicy.PathWithoutSupported;
import org.sipproxy.core.options.RegistrarPolicy.WhenFull;
import org.sipproxy.server.config.Reloadable;
import org.sipproxy.server.config.Section;
import picocli.CommandLine.Option;

/** Options for registrations, kept as text like those of {@link ProxyOptions}. */
@Section("Registrations")
final class RegistrarOptions {

    @Reloadable
    @Option(
            names = "--min-expires",
            paramLabel = "DURATION",
            description = {
                "Shorter registrations are refused with 423. Default: 60s, or --default-expires or --max-expires if that",
                "is shorter."
            })
    String minExpires = "";

    @Reloadable
    @Option(
            names = "--default-expires",
            paramLabel = "DURATION",
            description = {
                "Lifetime of a registration if the phone does not ask for one. Default: 1h, or --max-expires if that is",
                "shorter."
            })
    String defaultExpires = "";

    @Reloadable
    @Option(
            names = "--max-expires",
            paramLabel = "DURATION",
            description =
                    "Longer registrations are shortened to this. Default: 1h, or --default-expires if that is longer.")
    String maxExpires = "";

    @Reloadable
    @Option(
            names = "--max-contacts",
            paramLabel = "N",
            description = "Maximum number of contacts of one user, 1 to 64. Default: ${DEFAULT-VALUE}.",
            defaultValue = "10")
    String maxContacts = "";

    @Reloadable
    @Option(
            names = "--contact-matching",
            paramLabel = "POLICY",
            description = {
                "When two contacts are the same registration: rfc3261, or exact-text, as Kamailio compares.",
                "Default: ${DEFAULT-VALUE}."
            },
            defaultValue = "rfc3261")
    String contactMatching = "";

    @Reloadable
    @Option(
            names = "--when-full",
            paramLabel = "POLICY",
            description = {
                "A contact beyond --max-contacts: reject refuses it with 503; replace-unreachable removes contacts",
                "whose connection is closed, and refuses it if there are none; replace-oldest removes the contact that",
                "was refreshed longest ago.",
                "Default: ${DEFAULT-VALUE}."
            },
            defaultValue = "replace-unreachable")
    String whenFull = "";

    @Reloadable
    @Option(
            names = "--connection-loss",
            paramLabel = "POLICY",
            description = {
                "Registrations over a closed connection: remove-unreachable removes those that are reachable only over",
                "it (browsers, phones on TLS and behind NATs); remove: all; keep: none, for phones that are woken by",
                "push notifications.",
                "Default: ${DEFAULT-VALUE}."
            },
            defaultValue = "remove-unreachable")
    String connectionLoss = "";

    @Reloadable
    @Option(
            names = "--path-without-supported",
            paramLabel = "POLICY",
            description = {
                "A Path in a REGISTER without \"Supported: path\", as an edge proxy adds it for phones without Path",
                "support: refuse (420), store or ignore; Kamailio's path_mode 2, 0 and 1. Default: ${DEFAULT-VALUE}."
            },
            defaultValue = "refuse")
    String pathWithoutSupported = "";

    /** Applies the options to the builder, and adds errors to {@code problems}. */
    void addTo(SipProxyBuilder builder, List<String> problems) {
        OptionReader reader = new OptionReader(problems);
        RegistrarPolicy.Builder policy = RegistrarPolicy.builder();
        readLifetimes(reader, policy);
        reader.number("--max-contacts", maxContacts, policy::maxContacts);
        reader.choice("--contact-matching", contactMatching, ContactMatching.values(), policy::contactMatching);
        reader.choice("--when-full", whenFull, WhenFull.values(), policy::whenFull);
        reader.choice("--connection-loss", connectionLoss, ConnectionLoss.values(), policy::connectionLoss);
        reader.choice(
                "--path-without-supported",
                pathWithoutSupported,
                PathWithoutSupported.values(),
                policy::pathWithoutSupported);
        reader.apply(() -> builder.registrar(policy.build()));
    }

    private void readLifetimes(OptionReader reader, RegistrarPolicy.Builder policy) {
        reader.duration("--min-expires", minExpires, policy::minExpires);
        reader.duration("--default-expires", defaultExpires, policy::defaultExpires);
        reader.duration("--max-expires", maxExpires, policy::maxExpires);
    }

    /** Returns the line that {@code check} prints. */
    String summary() {
        RegistrarPolicy.Builder builder = RegistrarPolicy.builder();
        readLifetimes(new OptionReader(new ArrayList<>()), builder);
        RegistrarPolicy policy = builder.build(); // the options are valid, otherwise check prints problems
        return text(minExpires, policy.minExpires()) + " to " + text(maxExpires, policy.maxExpires()) + ", default "
                + text(defaultExpires, policy.defaultExpires()) + "; at most " + maxContacts + " contacts per user";
    }

    private static String text(String given, Duration value) {
        return given.isEmpty() ? OptionProblems.text(value) : given;
    }
}
