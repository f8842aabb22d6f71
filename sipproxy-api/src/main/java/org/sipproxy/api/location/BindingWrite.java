package org.sipproxy.api.location;

import java.util.Objects;

/** One row to write. */
public sealed interface BindingWrite {

    /** The address. */
    Aor aor();

    /** The row's id: {@link Binding#id()}. */
    String id();

    /** Inserts the binding, or replaces the row with its id. */
    record Put(Aor aor, Binding binding) implements BindingWrite {

        /** Checks that nothing is null. */
        public Put {
            Objects.requireNonNull(aor, "aor");
            Objects.requireNonNull(binding, "binding");
        }

        @Override
        public String id() {
            return binding.id();
        }
    }

    /** Deletes the row with the id. */
    record Delete(Aor aor, String id) implements BindingWrite {

        /** Checks that nothing is null. */
        public Delete {
            Objects.requireNonNull(aor, "aor");
            Objects.requireNonNull(id, "id");
        }
    }
}
