package org.sipproxy.server.operations;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.sipproxy.gateway.Dispatcher;
import org.sipproxy.gateway.MemberState;
import org.sipproxy.gateway.MemberStatus;
import org.sipproxy.gateway.Trunk;
import org.sipproxy.gateway.TrunkState;
import org.sipproxy.gateway.TrunkStatus;
import org.sipproxy.server.operations.OperationException.Kind;

/** Gateways and accounts at providers. Changes may block, because names are resolved. */
public final class Gateways {

    /**
     * A member of a set of gateways.
     *
     * @param set the set
     * @param id the member
     * @param uri where requests are sent
     * @param state the state
     * @param letters Kamailio's letters for it, such as {@code AP}
     * @param weight its weight
     * @param priority its priority
     * @param calls its calls now
     * @param why the latest failure; empty if there was none
     * @param failedAt when it failed
     * @param probedAt when the latest probe ended
     */
    public record GatewayInfo(
            String set,
            String id,
            String uri,
            MemberState state,
            String letters,
            int weight,
            int priority,
            int calls,
            String why,
            Optional<Instant> failedAt,
            Optional<Instant> probedAt) {

        static GatewayInfo of(MemberStatus status) {
            return new GatewayInfo(
                    status.gateway().set(),
                    status.gateway().id(),
                    status.gateway().uri().toString(),
                    status.state(),
                    status.letters(),
                    status.gateway().weight(),
                    status.gateway().priority(),
                    status.calls(),
                    status.lastFailure(),
                    status.lastFailureAt(),
                    status.lastProbeAt());
        }
    }

    /**
     * An account at a provider.
     *
     * @param name the name
     * @param state the state of its registration
     * @param why why it is in that state
     * @param registeredUntil when the registration expires unless it is refreshed
     * @param nextAttempt when the next REGISTER is sent
     */
    public record TrunkInfo(
            String name,
            TrunkState state,
            String why,
            Optional<Instant> registeredUntil,
            Optional<Instant> nextAttempt) {

        static TrunkInfo of(TrunkStatus status) {
            return new TrunkInfo(
                    status.name(), status.state(), status.reason(), status.registeredUntil(), status.nextAttempt());
        }
    }

    /** Result of {@link #list}. */
    public record Shown(List<GatewayInfo> gateways, List<TrunkInfo> trunks) {}

    private final ServerComponents components;

    Gateways(ServerComponents components) {
        this.components = components;
    }

    /** Returns all members, by set, and all trunks. */
    public Shown list() {
        List<GatewayInfo> members = components
                .dispatcher()
                .map(dispatcher ->
                        dispatcher.status().stream().map(GatewayInfo::of).toList())
                .orElse(List.of());
        return new Shown(
                members,
                components.trunks().stream()
                        .map(Trunk::status)
                        .map(TrunkInfo::of)
                        .toList());
    }

    /** Change of a member. */
    public enum Change {
        /** Puts it into use. */
        ENABLE,
        /** Takes it out of use; it is not probed either. */
        DISABLE,
        /** Gives it no new calls; its calls go on. */
        DRAIN
    }

    /**
     * Changes a member.
     *
     * @throws OperationException if there is no such member
     */
    public void change(Change change, String set, String id) {
        Dispatcher dispatcher = components
                .dispatcher()
                .orElseThrow(() -> new OperationException(
                        Kind.NOT_CONFIGURED, "this server has no gateways; start it with run --gateway SET=URI"));
        try {
            switch (change) {
                case ENABLE -> dispatcher.enable(set, id);
                case DISABLE -> dispatcher.disable(set, id);
                case DRAIN -> dispatcher.drain(set, id);
            }
        } catch (IllegalArgumentException e) {
            throw new OperationException(Kind.NOT_FOUND, String.valueOf(e.getMessage()));
        }
    }
}
