package org.sipproxy.server;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.sipproxy.api.auth.DigestAlgorithm;
import org.sipproxy.security.DigestAuthentication;
import org.sipproxy.security.Lockout;
import org.sipproxy.security.NonceBinding;
import org.sipproxy.server.config.Section;
import picocli.CommandLine.Option;

/** Options for digest authentication and lockouts, kept as text like those of {@link ProxyOptions}. */
@Section("Passwords and lockouts")
final class DigestOptions {

    private static final String NONE = "none";

    @Option(
            names = "--nonce-expire",
            paramLabel = "DURATION",
            description = "How long a nonce of a digest challenge is accepted. Default: ${DEFAULT-VALUE}.",
            defaultValue = "5m")
    String nonceExpire = "";

    @Option(
            names = "--auth-algorithm",
            paramLabel = "ALGORITHM",
            description = {
                "Digest algorithm to offer: SHA-512-256, SHA-256 or MD5. May be repeated; the strongest is sent first.",
                "Default: MD5, because many phones and tools give up if they do not support the first challenge."
            })
    List<String> authAlgorithms = new ArrayList<>();

    @Option(
            names = "--digest-without-qop",
            paramLabel = "POLICY",
            description = {
                "Digest credentials of old phones without qop (RFC 2069): refuse, or accept, each nonce once.",
                "Default: ${DEFAULT-VALUE}."
            },
            defaultValue = "refuse")
    String digestWithoutQop = "";

    @Option(names = "--auth-int", description = "Also offers qop=auth-int, which covers the body of a request.")
    boolean integrity;

    @Option(
            names = "--nonce-binding",
            paramLabel = "KIND",
            split = ",",
            description = {
                "What a nonce is valid for: request-uri, source-address, call-id, from-tag; none: everything. A phone that uses it elsewhere",
                "is challenged once more. Default: request-uri,source-address."
            })
    List<String> nonceBindings = new ArrayList<>();

    @Option(
            names = "--nonce-replay",
            description = {
                "Accepts each count of a nonce more than once: captured requests can then be replayed. For clients that do not",
                "count."
            })
    boolean nonceReplay;

    @Option(
            names = "--one-time-nonces",
            description = "Accepts each nonce once, so that every request costs a challenge.")
    boolean oneTimeNonces;

    @Option(
            names = "--nonce-capacity",
            paramLabel = "N",
            description = "Nonces in use that are kept, 1024 to 16777216. Default: 262144.")
    String nonceCapacity = "";

    @Option(
            names = "--any-identity",
            description = {
                "Lets a user call and register as any other user: the user in From need not be that of the password.",
                "For laboratories."
            })
    boolean anyIdentity;

    @Option(
            names = "--lockout-user-failures",
            paramLabel = "N|none",
            description = {
                "Wrong passwords of one user from one source until the lockout, 1 to 1000; none: no lockouts at all.",
                "Default: 5."
            })
    String userFailures = "";

    @Option(
            names = "--lockout-source-failures",
            paramLabel = "N",
            description = "Wrong passwords from one source until it is locked out, 1 to 1000000. Default: 100.")
    String sourceFailures = "";

    @Option(
            names = "--lockout-first",
            paramLabel = "DURATION",
            description = "First lockout, 1s to 1d; each further failure doubles the next. Default: 30s.")
    String first = "";

    @Option(
            names = "--lockout-longest",
            paramLabel = "DURATION",
            description = "Longest lockout, up to 7d. Default: 1h.")
    String longest = "";

    @Option(
            names = "--lockout-answer",
            paramLabel = "ANSWER",
            description = "Response to a locked-out client: challenge, forbidden or silence. Default: challenge.")
    String answer = "";

    /** Applies the options to authentication, and adds errors to {@code problems}. */
    void addTo(DigestAuthentication.Builder digest, List<String> problems) {
        OptionReader reader = new OptionReader(problems);
        reader.duration("--nonce-expire", nonceExpire, digest::nonceLifetime);
        algorithms(digest, problems);
        switch (digestWithoutQop.toLowerCase(Locale.ROOT)) {
            case "refuse" -> digest.requireQop(true);
            case "accept" -> digest.requireQop(false);
            default -> problems.add("--digest-without-qop: \"" + digestWithoutQop + "\" (expected refuse or accept)");
        }
        digest.integrity(integrity)
                .countNonces(!nonceReplay)
                .oneTimeNonces(oneTimeNonces)
                .checkIdentity(!anyIdentity);
        List<NonceBinding> bindings = new ArrayList<>();
        nonceBindings.stream()
                .filter(text -> !text.equals(NONE))
                .forEach(text -> reader.choice("--nonce-binding", text, NonceBinding.values(), bindings::add));
        if (!nonceBindings.isEmpty()) {
            digest.bindNonceTo(bindings.toArray(new NonceBinding[0]));
        }
        reader.number("--nonce-capacity", nonceCapacity, digest::nonceCapacity);
        lockout(digest, reader, problems);
    }

    private void algorithms(DigestAuthentication.Builder digest, List<String> problems) {
        List<DigestAlgorithm> algorithms = new ArrayList<>();
        for (String text : authAlgorithms) {
            DigestAlgorithm.of(text)
                    .ifPresentOrElse(
                            algorithms::add,
                            () -> problems.add("--auth-algorithm: \"" + text
                                    + "\" (expected "
                                    + Arrays.stream(DigestAlgorithm.values())
                                            .map(DigestAlgorithm::token)
                                            .collect(Collectors.joining(", "))
                                    + ")"));
        }
        if (!algorithms.isEmpty()) {
            digest.algorithms(algorithms.toArray(new DigestAlgorithm[0]));
        }
    }

    private void lockout(DigestAuthentication.Builder digest, OptionReader reader, List<String> problems) {
        if (userFailures.equals(NONE)) {
            digest.noLockout();
            if (!(sourceFailures + first + longest + answer).isEmpty()) {
                problems.add(
                        "--lockout-user-failures: none switches lockouts off, so the other --lockout- options have no"
                                + " effect; remove them, or write --lockout-source-failures with a high number");
            }
            return;
        }
        Lockout.Builder lockout = Lockout.builder();
        reader.number("--lockout-user-failures", userFailures, lockout::userFailures);
        reader.number("--lockout-source-failures", sourceFailures, lockout::sourceFailures);
        reader.duration("--lockout-first", first, lockout::first);
        reader.duration("--lockout-longest", longest, lockout::longest);
        reader.choice("--lockout-answer", answer, Lockout.Answer.values(), lockout::answer);
        reader.apply(() -> digest.lockout(lockout.build()));
    }
}
