// Elasticsearch 1 asks for the JVM's boot class path, for its report on the JVM. Java 9 and later have none and throw, and
// the node does not start. This bean says that it is empty; then it runs the class that the first argument names.
// Compiled into the module java.management, because what it replaces is not visible from outside.
package sun.management;

import java.lang.reflect.Field;
import java.util.Arrays;

public class OldRuntime extends RuntimeImpl {
  private OldRuntime(VMManagement jvm) {
    super(jvm);
  }

  @Override
  public String getBootClassPath() {
    return "";
  }

  public static void main(String[] arguments) throws Exception {
    field("runtimeMBean").set(null, new OldRuntime((VMManagement) field("jvm").get(null)));
    Class<?> server = ClassLoader.getSystemClassLoader().loadClass(arguments[0]);
    String[] rest = Arrays.copyOfRange(arguments, 1, arguments.length);
    server.getMethod("main", String[].class).invoke(null, (Object) rest);
  }

  private static Field field(String name) throws NoSuchFieldException {
    Field field = ManagementFactoryHelper.class.getDeclaredField(name);
    field.setAccessible(true);
    return field;
  }
}
