package org.sipproxy.core.internal.location;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.BindingChange;
import org.sipproxy.api.location.BindingRepository;
import org.sipproxy.api.location.BindingWrite;
import org.sipproxy.api.location.RemovalReason;

/**
 * Repository of a node that shares it with others. A row of a client that only this node can reach names the node as the
 * first hop of its Path. This node reads the row without that hop, because it has the flow; the others send there.
 */
public final class NodeRows implements BindingRepository {

    /** The hop of this node in rows. */
    public interface Node {

        /** Returns the binding with the hop if only this node can reach its client; otherwise the same object. */
        Binding withHop(Binding binding);

        /** Returns the binding of a row without this node's hop; the same object if there is none. */
        Binding withoutHop(Binding row);
    }

    private final BindingRepository rows;
    private final Node node;

    public NodeRows(BindingRepository rows, Node node) {
        this.rows = rows;
        this.node = node;
    }

    BindingRepository ofHost() {
        return rows;
    }

    @Override
    public Duration timeout() {
        return rows.timeout();
    }

    @Override
    public Optional<String> outage() {
        return rows.outage();
    }

    @Override
    public List<Binding> find(Aor aor, Instant now) {
        return read(rows.find(aor, now));
    }

    @Override
    public void forEach(Instant now, BiConsumer<Aor, Binding> visitor) {
        rows.forEach(now, (aor, row) -> visitor.accept(aor, node.withoutHop(row)));
    }

    @Override
    public void check(Aor aor, Binding binding) {
        rows.check(aor, node.withHop(binding));
    }

    @Override
    public void write(List<BindingWrite> writes) {
        rows.write(writes.stream()
                .map(write -> write instanceof BindingWrite.Put put
                        ? new BindingWrite.Put(put.aor(), node.withHop(put.binding()))
                        : write)
                .toList());
    }

    @Override
    public List<Binding> update(Aor aor, BindingChange change, Instant now) {
        OnRows onRows = new OnRows(change);
        List<Binding> after = rows.update(aor, onRows, now);
        return after == onRows.rows ? onRows.before : read(after);
    }

    @Override
    public void deleteExpired(Instant endedAt, boolean ofThisServerOnly, BiConsumer<Aor, Binding> removed) {
        rows.deleteExpired(endedAt, ofThisServerOnly, (aor, row) -> removed.accept(aor, node.withoutHop(row)));
    }

    private List<Binding> read(List<Binding> all) {
        List<Binding> read = null;
        for (int i = 0; i < all.size(); i++) {
            Binding row = all.get(i);
            Binding binding = node.withoutHop(row);
            if (binding != row) {
                read = read == null ? new ArrayList<>(all) : read;
                read.set(i, binding);
            }
        }
        return read == null ? all : List.copyOf(read);
    }

    /** A change of bindings, applied to rows. A row that is kept stays the same object, so that it is not written. */
    private final class OnRows implements BindingChange {

        private final BindingChange change;
        private List<Binding> rows = List.of();
        private List<Binding> before = List.of();

        OnRows(BindingChange change) {
            this.change = change;
        }

        @Override
        public List<Binding> apply(List<Binding> current) {
            rows = current;
            before = read(current);
            List<Binding> wanted = change.apply(before);
            if (wanted == before) {
                return current;
            }
            List<Binding> after = new ArrayList<>(wanted.size());
            for (Binding binding : wanted) {
                after.add(row(binding));
            }
            return after;
        }

        private Binding row(Binding binding) {
            for (int i = 0; i < before.size(); i++) {
                Binding old = before.get(i);
                if (old == binding) {
                    return rows.get(i);
                }
                if (old.id().equals(binding.id()) && isSameRegistration(old, binding)) {
                    return binding.toBuilder().path(rows.get(i).path()).build(); // edited, so its flow may be missing
                }
            }
            return node.withHop(binding);
        }

        private static boolean isSameRegistration(Binding old, Binding binding) {
            return old.cseq() == binding.cseq()
                    && old.callId().equals(binding.callId())
                    && old.path().equals(binding.path());
        }

        @Override
        public RemovalReason reasonOf(Binding removed) {
            for (int i = 0; i < rows.size(); i++) {
                if (rows.get(i) == removed) {
                    return change.reasonOf(before.get(i));
                }
            }
            return change.reasonOf(node.withoutHop(removed));
        }
    }
}
