package org.sipproxy.api.location;

import java.util.Objects;

/** Write of one row. */
public sealed interface BindingWrite {

    /** Returns the AOR. */
    Aor aor();

    /** Returns the row's id, which is {@link Binding#id()}. */
    String id();

    /** Inserts the binding, or replaces the row with the same id. */
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
