/* What Wine itself takes for any service: a service that does nothing.
 *   service add     enters this program into the service manager and starts it
 *   service remove  stops it and takes it out again
 *   service         what the service manager starts */
#define UNICODE
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <stdio.h>
#include <string.h>

static WCHAR NAME[] = L"MetaProfilesBench";
static SERVICE_STATUS_HANDLE handle;
static HANDLE stop;

static int fail(const char *doing) {
    fprintf(stderr, "cannot %s: %lu\n", doing, GetLastError());
    return 1;
}

static void tell(DWORD state) {
    SERVICE_STATUS status = {.dwServiceType = SERVICE_WIN32_OWN_PROCESS,
                             .dwCurrentState = state,
                             .dwControlsAccepted = SERVICE_ACCEPT_STOP};
    SetServiceStatus(handle, &status);
}

static DWORD WINAPI control(DWORD code, DWORD type, void *data, void *context) {
    (void)type, (void)data, (void)context;
    if (code == SERVICE_CONTROL_STOP) SetEvent(stop);
    return NO_ERROR;
}

static void WINAPI run(DWORD count, WCHAR **arguments) {
    (void)count, (void)arguments;
    handle = RegisterServiceCtrlHandlerExW(NAME, control, NULL);
    tell(SERVICE_RUNNING);
    WaitForSingleObject(stop, INFINITE);
    tell(SERVICE_STOPPED);
}

int main(int count, char **arguments) {
    if (count < 2) {
        SERVICE_TABLE_ENTRYW table[] = {{NAME, run}, {NULL, NULL}};
        stop = CreateEventW(NULL, TRUE, FALSE, NULL);
        return StartServiceCtrlDispatcherW(table) ? 0 : fail("run as a service");
    }
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    if (!manager) return fail("open the service manager");
    if (!strcmp(arguments[1], "add")) {
        WCHAR path[MAX_PATH];
        GetModuleFileNameW(NULL, path, MAX_PATH);
        SC_HANDLE service = CreateServiceW(manager, NAME, NAME, SERVICE_ALL_ACCESS, SERVICE_WIN32_OWN_PROCESS,
                                           SERVICE_DEMAND_START, SERVICE_ERROR_NORMAL, path, NULL, NULL, NULL, NULL, NULL);
        if (!service) return fail("create the service");
        return StartServiceW(service, 0, NULL) ? 0 : fail("start the service");
    }
    SERVICE_STATUS status;
    SC_HANDLE service = OpenServiceW(manager, NAME, SERVICE_ALL_ACCESS);
    if (!service) return fail("open the service");
    ControlService(service, SERVICE_CONTROL_STOP, &status);
    return DeleteService(service) ? 0 : fail("delete the service");
}
