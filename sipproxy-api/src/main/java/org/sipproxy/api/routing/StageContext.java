package org.sipproxy.api.routing;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import javax.sip.message.Request;
import org.sipproxy.api.event.SecurityEvent;
import org.sipproxy.api.location.UserCase;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipUri;

/** What a step may know of the request that it decides about. Valid until {@link RequestStage#handle} returns. */
public interface StageContext {

    /** Returns the request as the earlier stages left it, with the edits that this stage made through {@link #jain()}. */
    SipRequest request();

    /**
     * Replaces the request by an edited copy, such as {@code request().withHeader(…)}: later stages see it, and it is forwarded.
     * Locally generated responses still copy the headers of the request as it was received (RFC 3261 §8.2.6.2).
     */
    void replace(SipRequest edited);

    /**
     * Returns a {@code javax.sip} view of the request. Edits of the view, and changes of typed headers that it returned, take effect
     * when {@link #request()} is called, and when the stage returns. The view belongs to this stage and this request. A header that
     * cannot be parsed throws {@link org.sipproxy.message.jain.MalformedHeaderException}; a stage that lets it pass rejects the request
     * with 400.
     */
    Request jain();

    /** How it came in. */
    Flow flow();

    /** True if the host is a domain of this proxy. Compared without case. */
    boolean isLocalDomain(String host);

    /** True if the URI names this proxy: a domain, an alias, or a listening point (RFC 3261 §16.4). */
    boolean isMyself(SipUri uri);

    /**
     * The domain of this proxy that a URI belongs to, in normal form: its host if that is a domain, the first domain for an alias
     * or a listening point. Nothing if the URI does not name this proxy, just as {@link #isMyself} says.
     */
    Optional<String> domainOf(SipUri uri);

    /**
     * The domain of this proxy whose user the sender says to be, in normal form: {@link #domainOf} of From, or the first domain if
     * From is not a {@code sip:} or {@code sips:} URI. A {@code tel:} URI does not name another domain, and a phone shows its
     * number as that of a local user. Empty if From names another domain.
     *
     * @throws SipParseException if From is malformed
     */
    Optional<String> senderDomain() throws SipParseException;

    /** The proxy's rule for the case of user parts. */
    UserCase userCase();

    /**
     * The proxy's time: for intervals, and for comparison with the times of bindings. It never steps; see
     * {@link org.sipproxy.api.component.ProxyRuntime#now()}.
     */
    Instant now();

    /** The wall clock: for what is written to a database, a header or a log. It may step in either direction; not for intervals. */
    Instant wallClock();

    /** The targets that earlier steps found; empty before routing. */
    List<Target> targets();

    /** The user that an earlier step authenticated, as {@code user@realm}. */
    Optional<String> authenticatedUser();

    /**
     * Notes that the sender proved to be {@code username} in {@code realm}.
     *
     * @param credentialsHeader the number of the header line that carried the credentials; it is not forwarded
     *     (RFC 3261 §22.3). -1 if none
     */
    void authenticated(String username, String realm, int credentialsHeader);

    /**
     * Notes that the sender is a trusted peer, such as a provider's trunk: nobody asks it for a password, except for REGISTER,
     * and it may relay to anywhere.
     */
    void trust();

    /** True if an earlier step called {@link #trust()}. */
    boolean isTrusted();

    /**
     * Notes that the sender is behind a NAT: the bindings that this REGISTER writes keep the address it came from
     * ({@link org.sipproxy.api.location.Binding#received()}), and requests to them go there.
     */
    void behindNat();

    /** True if an earlier step called {@link #behindNat()}. */
    boolean isBehindNat();

    /** Tells the proxy's listeners. */
    void publish(SecurityEvent event);
}
