package org.sipproxy.api.location;

class HeapBindingRepositoryTest implements BindingRepositoryContract {

    private final HeapBindingRepository repository = new HeapBindingRepository();

    @Override
    public BindingRepository repository() {
        return repository;
    }
}
