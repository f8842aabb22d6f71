package org.sipproxy.core.internal.location;

import java.util.List;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.BindingChange;
import org.sipproxy.api.location.BindingRepository;
import org.sipproxy.api.status.StoreStatus;
import org.sipproxy.core.internal.time.ProxyTime;
import org.sipproxy.core.internal.time.TimerWheel;

/** Location store that reads the database once and never writes; later changes are in memory only. */
final class LoadAtStartStore extends LoadedStore {

    LoadAtStartStore(BindingRepository repository, ProxyTime time, TimerWheel wheel) {
        super(new WatchedRepository(repository, time), new MemoryLocationStore(time, wheel), time);
    }

    @Override
    public List<Binding> update(Aor aor, BindingChange change) {
        return memory.update(aor, change);
    }

    @Override
    public Blocking blocking() {
        return Blocking.NEVER;
    }

    @Override
    public StoreStatus status() {
        return repository.status();
    }

    @Override
    public void close() {
        memory.close();
    }
}
