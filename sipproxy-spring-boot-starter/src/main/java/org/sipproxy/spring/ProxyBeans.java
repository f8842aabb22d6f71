package org.sipproxy.spring;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.sipproxy.api.auth.Authentication;
import org.sipproxy.api.routing.RequestStage;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;

/** Beans of the application that take part in the proxy. */
final class ProxyBeans {

    private final ConfigurableListableBeanFactory beans;

    ProxyBeans(ConfigurableListableBeanFactory beans) {
        this.beans = beans;
    }

    /** Returns the beans of a type in {@code @Order}. */
    <T> Stream<T> ordered(Class<T> type) {
        return beans.getBeanProvider(type).orderedStream();
    }

    /**
     * Returns the only or primary bean of a type; empty if there is none.
     *
     * @throws org.springframework.beans.factory.NoUniqueBeanDefinitionException if there are several
     */
    <T> Optional<T> one(Class<T> type) {
        return Optional.ofNullable(beans.getBeanProvider(type).getIfAvailable());
    }

    /** Returns the stages for requests with their places, in {@code @Order}. Authentication is not one of them. */
    Map<RequestStage, StageAt.Place> stages() {
        Map<RequestStage, String> names = new LinkedHashMap<>();
        Arrays.stream(beans.getBeanNamesForType(RequestStage.class)).forEach(name -> {
            RequestStage stage = beans.getBean(name, RequestStage.class);
            names.put(stage, name);
        });
        List<RequestStage> ordered = ordered(RequestStage.class).toList();
        Map<RequestStage, StageAt.Place> stages = new LinkedHashMap<>();
        for (RequestStage stage : ordered) {
            String name = names.get(stage);
            if (name != null && !(stage instanceof Authentication)) {
                StageAt at = beans.findAnnotationOnBean(name, StageAt.class);
                stages.put(stage, at == null ? StageAt.Place.BEFORE_ROUTING : at.value());
            }
        }
        return stages;
    }
}
