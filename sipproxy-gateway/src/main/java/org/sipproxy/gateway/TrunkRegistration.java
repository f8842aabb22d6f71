package org.sipproxy.gateway;

import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.client.DigestLogin;
import org.sipproxy.api.client.OutgoingRequest;
import org.sipproxy.api.client.RequestFailedException;
import org.sipproxy.api.client.RequestFailedException.Reason;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.gateway.TrunkFigures;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.NameAddress;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipUri;
import org.sipproxy.message.StatusCode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Registration of one account at its provider (RFC 3261 §10.2). States: {@link TrunkState}. One REGISTER is in progress
 * at a time. Thread-safe.
 */
final class TrunkRegistration {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.GATEWAYS);

    /** Responses are received once all components have started. */
    private static final Duration FIRST = Duration.ofMillis(200);

    private static final Duration FAREWELL_LIMIT = Duration.ofSeconds(2);
    private static final Duration LONGEST_RETRY_AFTER = Duration.ofHours(1);
    private static final long MOST_SECONDS = 7 * 86_400L;
    /** CSeq numbers that one REGISTER may use to respond to challenges. */
    private static final int CSEQ_PER_REQUEST = 16;

    private static final int BACKOFF_STEPS = 16;

    /**
     * Account at a provider.
     *
     * @param registrar the Request-URI, and how to reach it
     * @param contactUser the user part of the Contact
     * @param expires the time to request
     * @param firstRetry upper bound of the time after the first failure
     * @param longestRetry upper bound after many failures; also the time after a rejection
     */
    record Account(
            String name,
            SipUri addressOfRecord,
            Target registrar,
            String contactUser,
            Optional<DigestLogin> login,
            Duration expires,
            Duration firstRetry,
            Duration longestRetry) {}

    private final ProxyRuntime proxy;
    private final Account account;
    private final Supplier<Optional<String>> contact;
    private final Consumer<TrunkChange> listener;
    private final String callId;

    private TrunkState state = TrunkState.UNREGISTERED;
    private String reason = "";
    private long cseq = 1;
    private long expiresSeconds;
    private int failures;
    private long failedAttempts;
    private boolean inProgress;
    private boolean stopped;
    /** The end of the latest registration in the proxy's time. */
    private @Nullable Instant validUntil;
    /** The same by the wall clock. */
    private @Nullable Instant registeredUntil;

    private @Nullable Instant nextAttempt;
    /** Number of the latest timer; earlier ones have no effect. */
    private long timer;

    /**
     * Creates a registration that has not begun.
     *
     * @param contact returns the Contact's URI; empty while the proxy's own address is unknown
     */
    TrunkRegistration(
            ProxyRuntime proxy, Account account, Supplier<Optional<String>> contact, Consumer<TrunkChange> listener) {
        this.proxy = proxy;
        this.account = account;
        this.contact = contact;
        this.listener = listener;
        this.expiresSeconds = account.expires().toSeconds();
        byte[] random = new byte[16];
        new SecureRandom().nextBytes(random);
        this.callId = HexFormat.of().formatHex(random);
    }

    void begin() {
        begin(Duration.ZERO);
    }

    /** Registers for the first time after a delay. */
    void begin(Duration delay) {
        later(FIRST.plus(delay));
    }

    /** Registers at once, unless a REGISTER is in progress. */
    void registerNow() {
        synchronized (this) {
            failures = 0;
        }
        later(Duration.ZERO);
    }

    synchronized TrunkStatus status() {
        return new TrunkStatus(
                account.name(),
                state,
                reason,
                Optional.ofNullable(registeredUntil).filter(until -> until.isAfter(proxy.wallClock())),
                Optional.ofNullable(nextAttempt));
    }

    synchronized TrunkFigures figures() {
        boolean registered = registeredUntil != null && registeredUntil.isAfter(proxy.wallClock());
        return new TrunkFigures(account.name(), true, registered, failedAttempts);
    }

    private void later(Duration delay) {
        long number;
        synchronized (this) {
            if (stopped) {
                return;
            }
            number = ++timer;
            nextAttempt = proxy.wallClock().plus(delay);
        }
        proxy.schedule(delay, () -> {
            boolean due;
            synchronized (this) {
                due = number == timer && !stopped && !inProgress;
                if (due) {
                    inProgress = true;
                    nextAttempt = null;
                }
            }
            if (due) {
                register();
            }
        });
    }

    private void register() {
        String uri = contact.get().orElse(null);
        if (uri == null) {
            ended();
            failed(
                    TrunkState.FAILED,
                    "the proxy's own address is unknown; set contactHost(...) or advertise one for the listening point",
                    Duration.ZERO);
            return;
        }
        TrunkChange begun = null;
        long seconds;
        synchronized (this) {
            seconds = expiresSeconds;
            if (state == TrunkState.UNREGISTERED) {
                begun = changed(TrunkState.REGISTERING, "");
            }
        }
        report(begun);
        CompletableFuture<SipResponse> sent;
        try {
            sent = proxy.requests().send(request(uri, seconds).build());
        } catch (RuntimeException e) {
            ended();
            failed(TrunkState.FAILED, "REGISTER cannot be sent: " + e.getMessage(), Duration.ZERO);
            return;
        }
        CompletableFuture<SipResponse> unused =
                sent.whenComplete((response, failure) -> completed(seconds, response, failure));
    }

    private OutgoingRequest.Builder request(String contactUri, long seconds) {
        long number;
        synchronized (this) {
            number = cseq;
            cseq += CSEQ_PER_REQUEST; // unless the response shows how many were used
        }
        OutgoingRequest.Builder register = OutgoingRequest.builder(
                        Method.REGISTER, account.registrar().uri())
                .target(account.registrar())
                .from(account.addressOfRecord())
                .to(account.addressOfRecord())
                .callId(callId)
                .cseq(number)
                .header(HeaderName.CONTACT, "<" + contactUri + ">")
                .header(HeaderName.EXPIRES, Long.toString(seconds));
        account.login().ifPresent(register::login);
        return register;
    }

    /** Ends the registration, if there may be one at the provider. Does not wait for the response. */
    void stop() {
        String uri = contact.get().orElse(null);
        boolean known;
        TrunkChange change;
        synchronized (this) {
            stopped = true;
            nextAttempt = null;
            Instant until = registeredUntil;
            known = inProgress || (until != null && until.isAfter(proxy.wallClock()));
            registeredUntil = null;
            change = changed(TrunkState.UNREGISTERED, "the proxy stops");
        }
        report(change);
        if (known && uri != null) {
            CompletableFuture<SipResponse> unused = proxy.requests()
                    .send(request(uri, 0).timeLimit(FAREWELL_LIMIT).build())
                    .whenComplete((response, failure) -> {
                        if (response == null || !response.isSuccess()) {
                            LOG.info(
                                    "trunk {}: not unregistered: {}",
                                    account.name(),
                                    response == null ? why(failure) : text(response));
                        }
                    });
        }
    }

    // ---- the result

    private synchronized void ended() {
        inProgress = false;
    }

    private void completed(long requested, @Nullable SipResponse response, @Nullable Throwable failure) {
        ended();
        synchronized (this) {
            if (stopped) {
                return;
            }
        }
        if (response == null) {
            failed(TrunkState.FAILED, why(failure), Duration.ZERO);
            return;
        }
        try {
            long used = response.cseq().number();
            synchronized (this) {
                cseq = Math.max(used + 1, cseq - CSEQ_PER_REQUEST + 1);
            }
            responded(requested, response);
        } catch (SipParseException e) {
            failed(TrunkState.FAILED, "malformed response: " + e.getMessage(), Duration.ZERO);
        }
    }

    private void responded(long requested, SipResponse response) throws SipParseException {
        int status = response.statusCode();
        if (response.isSuccess()) {
            registered(granted(requested, response));
        } else if (status == StatusCode.INTERVAL_TOO_BRIEF && acceptsLonger(requested, response)) {
            later(Duration.ZERO);
        } else {
            boolean rejected = status == StatusCode.UNAUTHORIZED
                    || status == StatusCode.PROXY_AUTHENTICATION_REQUIRED
                    || status == StatusCode.FORBIDDEN
                    || status == StatusCode.NOT_FOUND;
            failed(rejected ? TrunkState.REJECTED : TrunkState.FAILED, text(response), retryAfter(response));
        }
    }

    /** RFC 3261 §10.2.8: requests what the registrar demands. Returns false if that is not longer. */
    private synchronized boolean acceptsLonger(long requested, SipResponse response) {
        long least = seconds(response.header(HeaderName.MIN_EXPIRES));
        if (least <= requested || least > MOST_SECONDS) {
            return false;
        }
        expiresSeconds = least;
        return true;
    }

    /** Returns the granted time: of this Contact, of the whole response, or what was requested (§10.2.4). */
    private long granted(long requested, SipResponse response) throws SipParseException {
        for (NameAddress one : response.addresses(HeaderName.CONTACT)) {
            SipUri uri = one.uri();
            if (uri.isSip() && uri.user().equals(account.contactUser())) {
                Optional<String> expires = one.parameter("expires");
                if (expires.isPresent()) {
                    return seconds(expires);
                }
            }
        }
        Optional<String> whole = response.header(HeaderName.EXPIRES);
        return whole.isPresent() ? seconds(whole) : requested;
    }

    private void registered(long seconds) {
        if (seconds <= 0) {
            failed(TrunkState.FAILED, "the provider granted no time", Duration.ZERO);
            return;
        }
        TrunkChange change;
        Instant until = proxy.now().plusSeconds(seconds);
        synchronized (this) {
            failures = 0;
            validUntil = until;
            registeredUntil = proxy.wallClock().plusSeconds(seconds);
            change = changed(TrunkState.REGISTERED, "for " + seconds + " s");
        }
        report(change);
        proxy.schedule(Duration.ofSeconds(seconds), () -> expired(until));
        double share = 0.8 + 0.1 * ThreadLocalRandom.current().nextDouble();
        later(Duration.ofMillis((long) (seconds * 1000 * share)));
    }

    /** A refresh without a response takes longer than a short registration lasts. */
    private void expired(Instant until) {
        TrunkChange change = null;
        synchronized (this) {
            if (state == TrunkState.REGISTERED && until.equals(validUntil)) {
                change = changed(TrunkState.FAILED, "expired before it could be refreshed");
            }
        }
        report(change);
    }

    private void failed(TrunkState to, String why, Duration retryAfter) {
        TrunkChange change;
        Duration delay;
        synchronized (this) {
            failures = Math.min(failures + 1, BACKOFF_STEPS);
            failedAttempts++;
            delay = to == TrunkState.REJECTED ? account.longestRetry() : backoff();
            change = changed(to, why);
        }
        report(change);
        later(delay.compareTo(retryAfter) < 0 ? retryAfter : delay);
    }

    /** RFC 5626 §4.5: 50 to 100 % of an upper bound that doubles. */
    private Duration backoff() {
        Duration bound = account.firstRetry().multipliedBy(1L << (failures - 1));
        Duration most = bound.compareTo(account.longestRetry()) > 0 ? account.longestRetry() : bound;
        return Duration.ofMillis((long)
                (most.toMillis() * (0.5 + 0.5 * ThreadLocalRandom.current().nextDouble())));
    }

    private static Duration retryAfter(SipResponse response) {
        Duration time = Duration.ofSeconds(Math.max(0, seconds(response.header(HeaderName.RETRY_AFTER))));
        return time.compareTo(LONGEST_RETRY_AFTER) > 0 ? LONGEST_RETRY_AFTER : time;
    }

    /** Returns the number at the start of a value, at most 7 days; -1 if there is none. */
    private static long seconds(Optional<String> value) {
        String text = value.orElse("");
        int end = 0;
        while (end < text.length() && text.charAt(end) >= '0' && text.charAt(end) <= '9') {
            end++;
        }
        if (end == 0) {
            return -1;
        }
        return end > 9 ? MOST_SECONDS : Math.min(MOST_SECONDS, Long.parseLong(text.substring(0, end)));
    }

    private static String text(SipResponse response) {
        return response.statusCode() + " " + SipParseException.excerpt(response.reasonPhrase());
    }

    private static String why(@Nullable Throwable failure) {
        Throwable cause = failure instanceof CompletionException e && e.getCause() != null ? e.getCause() : failure;
        Reason kind = cause instanceof RequestFailedException e ? e.reason() : Reason.INTERNAL_ERROR;
        return switch (kind) {
            case UNREACHABLE -> "the provider cannot be reached";
            case TIMED_OUT -> "no response to REGISTER";
            case TOO_MANY_PENDING -> "the proxy has too many requests in progress";
            case PROXY_CLOSED -> "the proxy is closed";
            case INTERNAL_ERROR -> "the proxy failed; see its log";
        };
    }

    // ---- changes of the state

    /** Called under the lock. Returns null if state and reason are the same. */
    private @Nullable TrunkChange changed(TrunkState to, String why) {
        TrunkState before = state;
        boolean isNews = before != to || (to != TrunkState.REGISTERED && !reason.equals(why));
        state = to;
        reason = why;
        return isNews ? new TrunkChange(account.name(), before, to, why) : null;
    }

    private void report(@Nullable TrunkChange change) {
        if (change == null) {
            return;
        }
        switch (change.now()) {
            case REGISTERED -> LOG.info("trunk {}: registered {}", change.name(), change.reason());
            case REJECTED ->
                LOG.warn(
                        "trunk {}: the provider rejects the registration: {}; check account and password",
                        change.name(),
                        change.reason());
            case FAILED -> LOG.warn("trunk {}: not registered: {}", change.name(), change.reason());
            case REGISTERING, UNREGISTERED ->
                LOG.debug("trunk {}: {} {}", change.name(), change.now(), change.reason());
        }
        try {
            listener.accept(change);
        } catch (Throwable e) {
            LOG.error("the listener for changes of trunk {} failed", change.name(), e);
        }
    }
}
