package org.sipproxy.api.location;

import java.util.List;

/**
 * What an update makes of an address's bindings. It may be run more than once for one update (a database that retries a
 * transaction), so it must not have effects of its own; it must not block.
 */
public interface BindingChange {

    /**
     * The bindings that the address shall have. Returning {@code current} itself means that nothing changes and nothing is
     * written.
     *
     * @param current the unexpired bindings, in the order in which they were added; unmodifiable
     */
    List<Binding> apply(List<Binding> current);

    /** Why a binding was removed that {@link #apply} left out. Default {@link RemovalReason#ADMIN}: the host removed it. */
    default RemovalReason reasonOf(Binding removed) {
        return RemovalReason.ADMIN;
    }
}
