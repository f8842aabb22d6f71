package org.sipproxy.server.operations;

import com.google.gson.JsonElement;
import java.lang.management.ManagementFactory;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.sipproxy.server.json.Json;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@link ServerOperations}, and what other parts of the server add, as MXBeans {@code org.sipproxy:type=…} of the
 * platform's MBean server. Rows of lists are maps of texts, with the names of the JSON of the control channel.
 */
public final class ManagementBeans {

    private static final Logger LOG = LoggerFactory.getLogger(ManagementBeans.class);

    private final List<ObjectName> names = new ArrayList<>();

    private ManagementBeans() {}

    /** Registers the beans. A bean that is registered already, by another server of this JVM, is omitted and logged. */
    static ManagementBeans register(ServerOperations server) {
        ManagementBeans beans = new ManagementBeans();
        beans.add("Server", ServerMXBean.class, new ServerBean(server));
        beans.add("Registrations", RegistrationsMXBean.class, new RegistrationsBean(server.registrations()));
        beans.add("Calls", CallsMXBean.class, new CallsBean(server.calls()));
        beans.add("Figures", FiguresMXBean.class, new FiguresBean(server.figures()));
        beans.add("Gateways", GatewaysMXBean.class, new GatewaysBean(server.gateways()));
        beans.add("Access", AccessMXBean.class, new AccessBean(server.access()));
        return beans;
    }

    /** Registers a bean of another part, as {@link #register(ServerOperations)} does. */
    public static ManagementBeans register(ConfigurationMXBean bean) {
        ManagementBeans beans = new ManagementBeans();
        beans.add("Configuration", ConfigurationMXBean.class, bean);
        return beans;
    }

    private <T> void add(String type, Class<T> view, T bean) {
        try {
            ObjectName name = new ObjectName("org.sipproxy:type=" + type);
            platform().registerMBean(withPlainExceptions(view, bean), name);
            names.add(name);
        } catch (JMException e) {
            LOG.warn("no MXBean for {}: {}", type, e.toString());
        }
    }

    /**
     * Returns a bean whose {@link OperationException}s are exceptions of the JDK: a remote client, such as JConsole, does
     * not have the class, and would report that instead of the message.
     */
    private static Object withPlainExceptions(Class<?> view, Object bean) {
        return Proxy.newProxyInstance(view.getClassLoader(), new Class<?>[] {view}, (self, method, arguments) -> {
            try {
                return method.invoke(bean, arguments);
            } catch (InvocationTargetException e) {
                if (e.getCause() instanceof OperationException failed) {
                    throw failed.kind() == OperationException.Kind.INVALID
                            ? new IllegalArgumentException(failed.getMessage())
                            : new IllegalStateException(failed.getMessage());
                }
                throw e.getCause();
            }
        });
    }

    /** Removes the beans. */
    public void unregister() {
        for (ObjectName name : names) {
            try {
                platform().unregisterMBean(name);
            } catch (JMException e) {
                LOG.debug("MXBean {} was unregistered before", name, e);
            }
        }
    }

    private static MBeanServer platform() {
        return ManagementFactory.getPlatformMBeanServer();
    }

    /** Returns a record as a row: its values as texts. */
    static Map<String, String> row(Object value) {
        Map<String, String> row = new TreeMap<>();
        for (Map.Entry<String, JsonElement> entry :
                Json.tree(value).getAsJsonObject().entrySet()) {
            JsonElement element = entry.getValue();
            row.put(entry.getKey(), element.isJsonPrimitive() ? element.getAsString() : element.toString());
        }
        return row;
    }

    private static List<Map<String, String>> rows(List<?> values) {
        return values.stream().map(ManagementBeans::row).toList();
    }

    private record ServerBean(ServerOperations server) implements ServerMXBean {

        @Override
        public Map<String, String> getStatus() {
            return row(server.status());
        }

        @Override
        public String getState() {
            return server.keyFigures().state();
        }

        @Override
        public String getHealth() {
            return server.keyFigures().health();
        }

        @Override
        public void drain() {
            server.drain();
        }

        @Override
        public void stop() {
            server.stop();
        }

        @Override
        public String explain(String text, String source, String as) {
            return Json.of(server.explanations().explain(new Explanations.Question(text, "", "", "", source, "", as)));
        }

        @Override
        public Map<String, String> setLogLevel(String level, String logger) {
            return row(server.logLevels().set(level, logger));
        }
    }

    private record RegistrationsBean(Registrations registrations) implements RegistrationsMXBean {

        @Override
        public long getUsers() {
            return registrations.count().users();
        }

        @Override
        public long getBindings() {
            return registrations.count().bindings();
        }

        @Override
        public List<Map<String, String>> show(String user) {
            return rows(registrations.show(user, Integer.MAX_VALUE).bindings());
        }

        @Override
        public int remove(String user, String contact) {
            return registrations.remove(user, contact);
        }
    }

    private record CallsBean(ActiveCalls calls) implements CallsMXBean {

        @Override
        public List<Map<String, String>> getCalls() {
            return rows(calls.list());
        }

        @Override
        public int end(String id) {
            return calls.end(id);
        }
    }

    private record FiguresBean(Figures figures) implements FiguresMXBean {

        @Override
        public Map<String, Long> getFigures() {
            return figures.list("");
        }
    }

    private record GatewaysBean(Gateways gateways) implements GatewaysMXBean {

        @Override
        public List<Map<String, String>> getGateways() {
            return rows(gateways.list().gateways());
        }

        @Override
        public List<Map<String, String>> getTrunks() {
            return rows(gateways.list().trunks());
        }

        @Override
        public void enable(String set, String id) {
            gateways.change(Gateways.Change.ENABLE, set, id);
        }

        @Override
        public void disable(String set, String id) {
            gateways.change(Gateways.Change.DISABLE, set, id);
        }

        @Override
        public void drain(String set, String id) {
            gateways.change(Gateways.Change.DRAIN, set, id);
        }
    }

    private record AccessBean(AccessControl access) implements AccessMXBean {

        @Override
        public List<Map<String, String>> getRules() {
            return rows(access.rules().rules());
        }

        @Override
        public Map<String, String> test(String address) {
            return row(access.test(address));
        }

        @Override
        public List<Map<String, String>> getRefusals() {
            return showRefusals("");
        }

        @Override
        public List<Map<String, String>> showRefusals(String source) {
            return rows(access.refusals(source, Integer.MAX_VALUE).refusals());
        }

        @Override
        public List<Map<String, String>> getLockouts() {
            return rows(access.lockouts());
        }

        @Override
        public int clearLockouts(String who) {
            return access.clear(who);
        }
    }
}
