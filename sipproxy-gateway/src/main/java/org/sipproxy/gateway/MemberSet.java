package org.sipproxy.gateway;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.DoubleSupplier;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipUri;

/** A running set: its options, its members, and the order in which they are tried for a request. */
final class MemberSet {

    final GatewaySet options;
    final List<Member> members;
    private final AtomicInteger turn;
    private final DoubleSupplier random;

    MemberSet(GatewaySet options, List<Member> members) {
        this(
                options,
                members,
                new AtomicInteger(),
                () -> ThreadLocalRandom.current().nextDouble());
    }

    MemberSet(GatewaySet options, List<Member> members, DoubleSupplier random) {
        this(options, members, new AtomicInteger(), random);
    }

    private MemberSet(GatewaySet options, List<Member> members, AtomicInteger turn, DoubleSupplier random) {
        this.options = options;
        this.members = List.copyOf(members);
        this.turn = turn;
        this.random = random;
    }

    /** Returns the set with other members. */
    MemberSet with(List<Member> changed) {
        return new MemberSet(options, changed, turn, random);
    }

    /**
     * Returns the members that may get a request, the first choice first. If none of them can serve, those that are
     * down because requests failed, the least recently failed first: without a failed probe or a Retry-After it is not
     * certain that they are down, and a call that may succeed is better than one that is refused.
     */
    List<Member> order(StageContext context, boolean isCall) throws SipParseException {
        List<Member> usable = new ArrayList<>(members.size());
        for (Member member : members) {
            if (member.accepts(isCall)) {
                usable.add(member);
            }
        }
        if (!usable.isEmpty()) {
            return ordered(usable, context);
        }
        for (Member member : members) {
            if (member.isLastResort(isCall)) {
                usable.add(member);
            }
        }
        sortBy(usable, member -> member.health.failedAt());
        return usable;
    }

    private List<Member> ordered(List<Member> usable, StageContext context) throws SipParseException {
        switch (options.algorithm()) {
            case ROUND_ROBIN -> rotate(usable, context);
            case PRIORITY -> {
                rotate(usable, context);
                sortBy(usable, member -> -member.gateway().priority());
            }
            case LEAST_CALLS -> {
                rotate(usable, context);
                sortBy(usable, member -> member.calls.get());
            }
            case WEIGHT -> byWeight(usable);
            case HASH_CALL_ID -> byHash(usable, context.request().callId());
            case HASH_FROM -> byHash(usable, address(context.request().from().uri()));
            case HASH_TO -> byHash(usable, address(context.request().to().uri()));
            case HASH_CALLER -> byHash(usable, caller(context));
        }
        return usable;
    }

    private void rotate(List<Member> usable, StageContext context) {
        int at = context.isRehearsal() ? turn.get() : turn.getAndIncrement();
        Collections.rotate(usable, -Math.floorMod(at, usable.size()));
    }

    private static void byHash(List<Member> usable, String key) {
        long hash = Hashes.of(key);
        sortBy(usable, member -> Hashes.of(hash, member.hash()));
    }

    /**
     * A random order in which each member comes first in proportion to its weight, also among those that are left
     * (Efraimidis and Spirakis, 2006).
     */
    private void byWeight(List<Member> usable) {
        boolean equal = usable.stream().allMatch(member -> member.gateway().weight() == 0);
        sortBy(usable, member -> {
            int weight = equal ? 1 : member.gateway().weight();
            double drawn = -Math.log(1 - random.getAsDouble());
            return weight == 0 ? Double.MAX_VALUE : drawn / weight;
        });
    }

    private interface Score<T extends Comparable<T>> {
        T of(Member member);
    }

    private record Scored<T extends Comparable<T>>(Member member, T score) {}

    /** Each score is taken once: it may change meanwhile. */
    private static <T extends Comparable<T>> void sortBy(List<Member> usable, Score<T> score) {
        List<Scored<T>> scored = new ArrayList<>(usable.size());
        for (Member member : usable) {
            scored.add(new Scored<>(member, score.of(member)));
        }
        scored.sort(Comparator.comparing(Scored::score));
        for (int i = 0; i < scored.size(); i++) {
            usable.set(i, scored.get(i).member());
        }
    }

    private static String caller(StageContext context) throws SipParseException {
        String user = context.authenticatedUser().orElse("");
        return user.isEmpty() ? address(context.request().from().uri()) : user;
    }

    private static String address(SipUri uri) {
        return uri.isSip()
                ? uri.user() + "@" + uri.normalHost()
                : uri.toString().toLowerCase(Locale.ROOT);
    }
}
