package org.sipproxy.server;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.sipproxy.core.options.RegistrarPolicy;
import org.sipproxy.core.options.RegistrarPolicy.ConnectionLoss;
import org.sipproxy.core.options.RegistrarPolicy.PathWithoutSupported;
import org.sipproxy.core.options.RegistrarPolicy.WhenFull;
import picocli.CommandLine.Option;

/** Options for the registrar's policies, kept as text like those of {@link ProxyOptions}. */
final class RegistrarOptions {

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

    @Option(
            names = "--path-without-supported",
            paramLabel = "POLICY",
            description = {
                "A Path in a REGISTER without \"Supported: path\", as an edge proxy adds it for phones without Path",
                "support: refuse (420), store or ignore; Kamailio's path_mode 2, 0 and 1. Default: ${DEFAULT-VALUE}."
            },
            defaultValue = "refuse")
    String pathWithoutSupported = "";

    /** Adds these options to the policy, and errors to {@code problems}. */
    void applyTo(RegistrarPolicy.Builder policy, List<String> problems) {
        RegistrarPolicy otherwise = RegistrarPolicy.DEFAULT;
        policy.whenFull(choice("--when-full", whenFull, WhenFull.values(), otherwise.whenFull(), problems))
                .connectionLoss(choice(
                        "--connection-loss",
                        connectionLoss,
                        ConnectionLoss.values(),
                        otherwise.connectionLoss(),
                        problems))
                .pathWithoutSupported(choice(
                        "--path-without-supported",
                        pathWithoutSupported,
                        PathWithoutSupported.values(),
                        otherwise.pathWithoutSupported(),
                        problems));
    }

    private static <E extends Enum<E>> E choice(
            String option, String text, E[] values, E otherwise, List<String> problems) {
        for (E value : values) {
            if (name(value).equalsIgnoreCase(text)) {
                return value;
            }
        }
        problems.add(option + ": \"" + text + "\" (expected "
                + Arrays.stream(values).map(RegistrarOptions::name).collect(Collectors.joining(", ")) + ")");
        return otherwise;
    }

    private static String name(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
