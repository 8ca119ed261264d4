; The installer for Windows, made by build.ps1 with Inno Setup 6. Not run yet. Installs for one person, without
; administrator's rights; what Rubato writes lies in %LOCALAPPDATA%\rubato and stays when it is removed.
[Setup]
AppId={{5D6A4D0B-5C6E-4F52-9C1B-0C3D3F0E7B11}
AppName=Rubato
AppVersion={#Version}
AppPublisher=The Rubato authors
DefaultDirName={autopf}\Rubato
DefaultGroupName=Rubato
PrivilegesRequired=lowest
PrivilegesRequiredOverridesAllowed=dialog
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
MinVersion=10.0.17763
LicenseFile=..\..\LICENSE
SetupIconFile=..\..\build\package\rubato.ico
UninstallDisplayIcon={app}\Rubato.exe
OutputDir=..\..\dist
OutputBaseFilename=Rubato-{#Version}-setup
Compression=lzma2/max
SolidCompression=yes
WizardStyle=modern

[Languages]
Name: "en"; MessagesFile: "compiler:Default.isl"
Name: "de"; MessagesFile: "compiler:Languages\German.isl"

[Files]
Source: "..\..\build\package\dist\rubato\*"; DestDir: "{app}"; Flags: recursesubdirs ignoreversion

[Icons]
Name: "{group}\Rubato"; Filename: "{app}\Rubato.exe"

[Registry]
Root: HKA; Subkey: "Software\Classes\Applications\Rubato.exe\shell\open\command"; ValueType: string; ValueData: """{app}\Rubato.exe"" open ""%1"""; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\Classes\Applications\Rubato.exe"; ValueType: string; ValueName: "FriendlyAppName"; ValueData: "Rubato"

[Run]
Filename: "{app}\Rubato.exe"; Description: "{cm:LaunchProgram,Rubato}"; Flags: nowait postinstall skipifsilent
