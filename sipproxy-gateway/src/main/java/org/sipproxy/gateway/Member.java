package org.sipproxy.gateway;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.gateway.Gateway;
import org.sipproxy.api.gateway.GatewayFigures;
import org.sipproxy.api.routing.Target;
import org.sipproxy.message.SipUri;

/** A member of a running set. */
final class Member {

    /** Replaced with the options of its set. */
    volatile GatewaySet set;

    final Health health;
    final AtomicInteger calls = new AtomicInteger();
    /** True once its probes have been scheduled. */
    final AtomicBoolean scheduled = new AtomicBoolean();
    /** True while a probe waits for its response. */
    final AtomicBoolean probing = new AtomicBoolean();

    private final LongAdder failedProbes = new LongAdder();
    private final LongAdder failedRequests = new LongAdder();
    private final AtomicBoolean recovering = new AtomicBoolean();
    /** True if it came from the source, so that a reload may remove it. */
    final boolean fromSource;

    private final long hash;
    /** Replaced by a reload. */
    private volatile Gateway gateway;

    private volatile boolean removed;
    private volatile @Nullable Instant lastFailureAt;
    private volatile @Nullable Instant lastProbeAt;

    Member(GatewaySet set, Gateway gateway, boolean fromSource) {
        this.set = set;
        this.gateway = gateway;
        this.fromSource = fromSource;
        this.health = set.newHealth();
        this.hash = Hashes.of(gateway.id());
        applyStart(gateway.start());
    }

    private Health.@Nullable Transition applyStart(Gateway.Start start) {
        if (start == Gateway.Start.DISABLED) {
            return health.decide(MemberState.DISABLED);
        }
        if (start == Gateway.Start.DOWN) {
            health.startDown();
        }
        return null;
    }

    Gateway gateway() {
        return gateway;
    }

    /** Takes over a changed configuration; the health stays unless the configured start changes. */
    Health.@Nullable Transition update(Gateway changed) {
        Gateway before = gateway;
        gateway = changed;
        if (before.start() == changed.start()) {
            return null;
        }
        return changed.start() == Gateway.Start.ACTIVE ? health.enable() : applyStart(changed.start());
    }

    /** Sets the options of its set, which must not decide otherwise about health. */
    void set(GatewaySet options) {
        set = options;
    }

    boolean isRemoved() {
        return removed;
    }

    void remove() {
        removed = true;
    }

    long hash() {
        return hash;
    }

    /** Returns true if the member may get this request. */
    boolean accepts(boolean isCall) {
        int most = gateway.maximumCalls();
        return !removed && health.isUsable() && !(isCall && most > 0 && calls.get() >= most);
    }

    boolean isLastResort(boolean isCall) {
        int most = gateway.maximumCalls();
        return !removed && health.isLastResort() && !(isCall && most > 0 && calls.get() >= most);
    }

    /** Returns true if a timer has to be set. One timer at a time is enough. */
    boolean setsRecoveryTimer() {
        return recovering.compareAndSet(false, true);
    }

    void recoveryTimerFired() {
        recovering.set(false);
    }

    /** Returns true if OPTIONS are sent in the member's present state. */
    boolean isProbed() {
        return set.probes(gateway, health.state());
    }

    boolean isProbedWhenDown() {
        return set.probes(gateway, MemberState.DOWN);
    }

    void probeFailed(Instant wallClock) {
        failedProbes.increment();
        lastFailureAt = wallClock;
    }

    void requestFailed(Instant wallClock) {
        failedRequests.increment();
        lastFailureAt = wallClock;
    }

    void probedAt(Instant wallClock) {
        lastProbeAt = wallClock;
    }

    MemberStatus status() {
        return new MemberStatus(
                gateway,
                health.state(),
                isProbed(),
                calls.get(),
                health.failure(),
                Optional.ofNullable(lastFailureAt),
                Optional.ofNullable(lastProbeAt));
    }

    GatewayFigures figures() {
        return new GatewayFigures(
                set.name(),
                gateway.id(),
                health.state().name().toLowerCase(Locale.ROOT),
                health.isUsable(),
                calls.get(),
                failedProbes.sum(),
                failedRequests.sum());
    }

    /** Returns the target for a request: its user at this member, or the request as it is through this member. */
    Target target(SipUri requested) {
        Gateway to = gateway;
        SipUri dialled = set.numberFields().contains(NumberField.REQUEST_URI)
                ? set.numbers().map(plan -> plan.apply(requested)).orElse(requested)
                : requested;
        List<SipUri> routes = new ArrayList<>(2);
        to.outboundProxy().map(Member::route).ifPresent(routes::add);
        SipUri uri = dialled;
        if (set.isOutboundProxy()) {
            routes.add(route(to.uri()));
        } else {
            uri = at(dialled, to.uri());
        }
        return new Target(uri, 1f, routes, null, null, to.socket().orElse(null));
    }

    /** Returns the target of a probe. */
    Target ownTarget() {
        Gateway to = gateway;
        List<SipUri> routes =
                to.outboundProxy().map(Member::route).map(List::of).orElse(List.of());
        return new Target(to.uri(), 1f, routes, null, null, to.socket().orElse(null));
    }

    /** The member's own user, if it has one, is more precise than the dialled one. */
    private static SipUri at(SipUri dialled, SipUri member) {
        if (member.hasUser()) {
            return member;
        }
        if (dialled.isSip()) {
            return UserPart.of(dialled).in(member);
        }
        String text = dialled.toString(); // tel: RFC 3261 §19.1.6
        return UserPart.of(NumberPlan.none().apply(text.substring(text.indexOf(':') + 1)))
                .in(member);
    }

    private static SipUri route(SipUri uri) {
        return uri.hasParameter("lr") ? uri : SipUri.of(uri + ";lr");
    }

    @Override
    public String toString() {
        return gateway.toString();
    }
}
