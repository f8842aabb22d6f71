package org.sipproxy.api.routing;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import javax.sip.message.Request;
import org.sipproxy.api.event.SecurityEvent;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.UserCase;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipUri;

/**
 * A request as a {@link RequestStage} sees it, with what earlier stages found out about it. Valid until
 * {@link RequestStage#handle} returns, or until the {@code CompletionStage} of an {@link AsyncRequestStage} completes.
 * Once the request is forwarded, methods that change it throw an {@link IllegalStateException}.
 *
 * <p>Not for implementation by host applications: methods may be added in a minor version. Unit tests use {@code
 * FakeStageContext} of {@code sipproxy-testkit}.
 */
public interface StageContext {

    /**
     * Returns the request as the earlier stages left it, including the edits that this stage made through
     * {@link #jain()}.
     */
    SipRequest request();

    /**
     * Replaces the request with an edited copy, such as {@code request().withHeader(…)}. Later stages see the copy, and
     * it is forwarded. Locally generated responses still copy the headers of the request as it was received (RFC 3261
     * §8.2.6.2).
     */
    void replace(SipRequest edited);

    /**
     * Returns a {@code javax.sip} view of the request. Edits of the view, and changes of typed headers that it
     * returned, take effect when {@link #request()} is called or the stage returns. The view is valid for this stage
     * and this request only. Access to a header that cannot be parsed throws
     * {@link org.sipproxy.message.jain.MalformedHeaderException}; if the stage does not catch it, the request is
     * rejected with 400.
     */
    Request jain();

    /** Returns the flow that the request arrived on. */
    Flow flow();

    /** Returns true if the host is a domain of this proxy. Case is ignored. */
    boolean isLocalDomain(String host);

    /** Returns true if the URI names this proxy: a domain, an alias, or a listening point (RFC 3261 §16.4). */
    boolean isMyself(SipUri uri);

    /**
     * Returns the domain of this proxy that a URI belongs to, in normal form: its host if that is a domain, or the
     * primary domain for an alias or a listening point. Empty if the URI does not name this proxy according to
     * {@link #isMyself}.
     */
    Optional<String> domainOf(SipUri uri);

    /**
     * Returns the domain of this proxy that the sender claims to belong to, in normal form: {@link #domainOf} of From,
     * or the primary domain if From is not a {@code sip:} or {@code sips:} URI. A {@code tel:} URI does not name
     * another domain: phones use it to show the number of a local user. Empty if From names another domain.
     *
     * @throws SipParseException if From is malformed
     */
    Optional<String> senderDomain() throws SipParseException;

    /** Returns whether the proxy distinguishes upper and lower case in user parts. */
    UserCase userCase();

    /**
     * Returns the proxy's time, for intervals and for comparison with the times of bindings. It never jumps; see
     * {@link org.sipproxy.api.component.ProxyRuntime#now()}.
     */
    Instant now();

    /**
     * Returns the wall clock's time, for what is written to a database, a header or a log. It may jump in either
     * direction, so do not measure intervals with it.
     */
    Instant wallClock();

    /**
     * Returns the bindings of a user that may be used for this request, the best first: those with TLS only if the
     * Request-URI is sips. Addresses of these bindings are checked by the same policy as when the proxy looks them up
     * itself.
     *
     * @param aor the address-of-record; see {@link #aorOf}
     * @throws org.sipproxy.api.location.LocationStoreException if the store fails
     * @throws NeedsWorkerException if the store may block and the stage does not: it runs on a receiver thread, because
     *     {@link RequestStage#mayBlock()} is false or in {@link RequestStage#handleAtOnce}. Never in an {@link
     *     AsyncRequestStage}
     */
    List<Binding> bindings(Aor aor);

    /**
     * Returns the address-of-record that a URI stands for at this proxy: with the primary domain for an alias or a
     * listening point, and the user part as {@link #userCase()} says. Empty if the URI does not name a user of this
     * proxy.
     */
    Optional<Aor> aorOf(SipUri uri);

    /**
     * Returns why the called user cannot be reached, for stages that run because of it
     * ({@code SipProxyBuilder.onUnavailableUser}): {@link FailureCause#NOT_REGISTERED} or
     * {@link FailureCause#UNKNOWN_USER}. Empty for all other stages.
     */
    Optional<FailureCause> unavailability();

    /** Returns the targets that earlier stages found; empty before routing. */
    List<Target> targets();

    /** Returns the user that an earlier stage authenticated, as {@code user@realm}. */
    Optional<String> authenticatedUser();

    /**
     * Records that the sender has authenticated as {@code username} in {@code realm}.
     *
     * @param credentialsHeader the number of the header line with the credentials, which is not forwarded (RFC 3261
     *     §22.3); -1 if there is none
     */
    void authenticated(String username, String realm, int credentialsHeader);

    /**
     * Records that the sender is a trusted peer, such as a provider's trunk. It is not challenged, except for REGISTER,
     * and it may relay to any destination.
     */
    void trust();

    /** Returns true if an earlier stage called {@link #trust()}. */
    boolean isTrusted();

    /**
     * Records that the sender is behind a NAT. The bindings that this REGISTER writes keep its source address
     * ({@link org.sipproxy.api.location.Binding#received()}), and requests to them are sent there.
     */
    void behindNat();

    /** Returns true if an earlier stage called {@link #behindNat()}. */
    boolean isBehindNat();

    /** Notifies the proxy's listeners of an event. */
    void publish(SecurityEvent event);

    /**
     * Notes why the stage is going to respond with a failure, or to discard the request. The line about the refusal in
     * the log gives it as the reason; it is not sent. Without effect if the stage returns another verdict. Default: the
     * reason phrase; the stage's name for a status from 500 on, and for a discarded request.
     *
     * @param why a few words, such as {@code no member of gateway set pstn can serve}
     */
    void explain(String why);

    /**
     * Returns true if the request is rehearsed: {@code SipProxy.explain} runs the stage to see what it would decide.
     * A stage that {@linkplain RequestStage#isRehearsable() may be rehearsed} then decides as always, from what it
     * knows, but changes nothing: it counts nothing, publishes nothing, writes nothing and sends nothing. Edits of the
     * request are permitted.
     */
    boolean isRehearsal();

    /**
     * Returns the digest user whose proof of a password a rehearsal assumes, so that the authentication does not
     * challenge the request. Empty unless {@link #isRehearsal()}.
     */
    Optional<String> assumedUser();

    /**
     * Adds a detail to the explanation of the decision, such as the rule that matched. Without effect unless {@link
     * #isRehearsal()}; check that first if the value costs anything to make.
     *
     * @param name a few words in lower case, such as {@code access rule}
     * @param value the value; must not be a secret
     */
    void note(String name, String value);
}
